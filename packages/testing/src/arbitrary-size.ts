import fc from "fast-check";

/** The size of an axis: 1, small odd and prime numbers (where a vector kernel has a rest), and what lies around powers of two. */
export function arbitrarySize(max = 67): fc.Arbitrary<number> {
  const telling = [1, 2, 3, 4, 5, 7, 8, 11, 13, 15, 16, 17, 31, 32, 33, 63, 64, 65, 67].filter((size) => size <= max);
  return fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...telling) }, fc.integer({ min: 1, max }));
}

/** A shape of `rank` axes (default 0 … 4) with at most `maxElements` elements, no axis empty. */
export function arbitraryShape({
  rank,
  maxElements = 4096,
}: {
  readonly rank?: number;
  readonly maxElements?: number;
} = {}): fc.Arbitrary<number[]> {
  const bounds = rank === undefined ? { maxLength: 4 } : { minLength: rank, maxLength: rank };
  return fc.array(arbitrarySize(), bounds).map((shape) => {
    let left = maxElements;
    return shape.map((size) => {
      const fitting = Math.min(size, left);
      left = Math.floor(left / fitting);
      return fitting;
    });
  });
}
