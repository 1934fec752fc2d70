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

/** A batch as a packed layout: `{ form: "packed", starts }`, plain data as `@kindred/tensor` declares it. */
export function arbitraryPackedLayout(
  options: Parameters<typeof arbitraryLengths>[0] = {},
): fc.Arbitrary<{ readonly form: "packed"; readonly starts: Int32Array }> {
  return arbitraryLengths(options).map((lengths) => {
    const starts = new Int32Array(lengths.length + 1);
    for (const [i, length] of lengths.entries()) starts[i + 1] = starts[i]! + length;
    return Object.freeze({ form: "packed" as const, starts });
  });
}

/** A batch as a padded layout: `{ form: "padded", batch, seq, lengths }`, with up to 3 rows of padding for the longest sentence. */
export function arbitraryPaddedLayout(options: Parameters<typeof arbitraryLengths>[0] = {}): fc.Arbitrary<{
  readonly form: "padded";
  readonly batch: number;
  readonly seq: number;
  readonly lengths: Int32Array;
}> {
  return fc.tuple(arbitraryLengths(options), fc.nat(3)).map(([lengths, extra]) => {
    const seq = Math.max(...lengths) + extra;
    return Object.freeze({ form: "padded" as const, batch: lengths.length, seq, lengths: Int32Array.from(lengths) });
  });
}
