import { ShapeError } from "@kindred/errors";

/** The counts of a reduceScatter, one a core, that add up to the array's length; a `ShapeError` otherwise. */
export function checkedCounts(counts: ArrayLike<number>, length: number, size: number): readonly number[] {
  const list = Array.from(counts);
  const sum = list.reduce((total, count) => total + count, 0);
  if (list.length === size && sum === length && list.every((count) => Number.isInteger(count) && count >= 0))
    return list;
  throw new ShapeError(
    `reduceScatter: counts do not divide the array. Got counts [${list}] for ${length} elements, ` +
      `expected ${size} integers ≥ 0 that add up to ${length}.`,
    { counts: list, length, size },
  );
}

/**
 * 32 bits by which cores notice that their counts differ.
 *
 * @see Fowler, Noll and Vo 1991, FNV-1a.
 */
export function checksum(counts: readonly number[]): number {
  let hash = 0x811c9dc5;
  for (const count of counts) hash = Math.imul(hash ^ count, 0x01000193);
  return hash;
}
