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

const corners = [
  0,
  -0,
  1,
  -1,
  2 ** -126,
  -(2 ** -149),
  1e-30,
  1e30,
  -3.4028234663852886e38,
  3.4028234663852886e38,
  0.1,
];

/**
 * Finite float32 numbers of every size, with −0, denormals and the largest ones among them; NaN (with any payload bits) and
 * infinities only with `special`.
 */
export function arbitraryFloat32Array({
  minLength = 0,
  maxLength = 64,
  special = false,
}: {
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly special?: boolean;
} = {}): fc.Arbitrary<Float32Array<ArrayBuffer>> {
  const fromBits = fc.nat(0xffffffff).map((bits) => {
    const [value] = new Float32Array(Uint32Array.of(bits).buffer);
    return special || Number.isFinite(value) ? bits : bits & 0x7effffff;
  });
  const bitsOf = (value: number) => new Uint32Array(Float32Array.of(value).buffer)[0] ?? 0;
  const cornerBits = [...corners, ...(special ? [Infinity, -Infinity] : [])].map(bitsOf);
  const bits = fc.oneof(
    fc.constantFrom(...cornerBits),
    fromBits,
    fc.float({ noNaN: true, min: -4, max: 4 }).map(bitsOf),
  );
  // Through the bits: a NaN's payload does not survive a JavaScript number.
  return fc.array(bits, { minLength, maxLength }).map((words) => new Float32Array(Uint32Array.from(words).buffer));
}

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

/** A key of `@kindred/random`: two unsigned 32-bit numbers, the corners among them. */
export function arbitraryKey(): fc.Arbitrary<readonly [number, number]> {
  const word = fc.oneof(fc.constantFrom(0, 1, 0x7fffffff, 0x80000000, 0xffffffff), fc.nat(0xffffffff));
  return fc.tuple(word, word);
}
