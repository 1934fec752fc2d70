import fc from "fast-check";

/**
 * The lengths of the sentences of a batch, at least one row in all: short ones, 1 and (unless `empty` is false) 0 among them. From them
 * a packed layout has `starts` 0, l₀, l₀ + l₁, …, and a padded one `seq` from the longest on.
 */
export function arbitraryLengths({
  maxBatch = 6,
  maxLength = 13,
  empty = true,
}: {
  readonly maxBatch?: number;
  readonly maxLength?: number;
  readonly empty?: boolean;
} = {}): fc.Arbitrary<number[]> {
  const length = fc.oneof(fc.constantFrom(...(empty ? [0, 1] : [1])), fc.integer({ min: 1, max: maxLength }));
  const batch = fc.array(length, { minLength: 1, maxLength: maxBatch });
  return batch.map((lengths) => (lengths.some((l) => l > 0) ? lengths : [...lengths.slice(1), 1]));
}
