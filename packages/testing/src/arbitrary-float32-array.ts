import fc from "fast-check";

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
    const value = new Float32Array(Uint32Array.of(bits).buffer)[0]!;
    return special || Number.isFinite(value) ? bits : bits & 0x7effffff;
  });
  const bitsOf = (value: number) => new Uint32Array(Float32Array.of(value).buffer)[0]!;
  const cornerBits = [...corners, ...(special ? [Infinity, -Infinity] : [])].map(bitsOf);
  const bits = fc.oneof(
    fc.constantFrom(...cornerBits),
    fromBits,
    fc.float({ noNaN: true, min: -4, max: 4 }).map(bitsOf),
  );
  // Through the bits: a NaN's payload does not survive a JavaScript number.
  return fc.array(bits, { minLength, maxLength }).map((words) => new Float32Array(Uint32Array.from(words).buffer));
}
