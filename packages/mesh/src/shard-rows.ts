import { ShapeError } from "@kindred/errors";

/** A range of rows (or elements): `count` of them from row `start`. */
export type RowRange = { readonly start: number; readonly count: number };

/**
 * The rows of core `index` when `count` rows are dealt in order to `cores` cores: the first `count mod cores` get one more.
 *
 * With fewer rows than cores the last ones get none: such a core only calls the collectives.
 *
 * @throws ShapeError unless count ≥ 0, cores ≥ 1 and 0 ≤ index < cores are integers.
 *
 * @example
 * ```ts
 * import { shardRows } from "@kindred/mesh";
 *
 * shardRows(7, 3, 0); // => { start: 0, count: 3 }
 * shardRows(7, 3, 2); // => { start: 5, count: 2 }
 * ```
 */
export function shardRows(count: number, cores: number, index: number): RowRange {
  if (![count, cores, index].every(Number.isSafeInteger) || count < 0 || cores < 1 || index < 0 || index >= cores) {
    throw new ShapeError(
      `shardRows: no such shard. Got count ${count}, cores ${cores}, index ${index}, ` +
        "expected integers with count ≥ 0, cores ≥ 1, 0 ≤ index < cores.",
      { count, cores, index },
    );
  }
  const small = Math.floor(count / cores);
  const larger = count % cores;
  return { start: index * small + Math.min(index, larger), count: small + (index < larger ? 1 : 0) };
}

/**
 * How many of `count` rows each core gets by {@link shardRows}.
 *
 * @throws ShapeError as {@link shardRows} does.
 *
 * @example
 * ```ts
 * import { shardCounts } from "@kindred/mesh";
 *
 * shardCounts(7, 3); // => [3, 2, 2]
 * ```
 */
export function shardCounts(count: number, cores: number): number[] {
  return Array.from({ length: cores }, (_, index) => shardRows(count, cores, index).count);
}
