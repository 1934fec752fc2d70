import { ShapeError } from "@kindred/errors";

/**
 * How one element is stored, in safetensors' names: `F` float, `I` signed, `U` unsigned, `C` complex, with the width in
 * bits. `F8_E4M3` has four bits of exponent and three of mantissa. Elements are little-endian; `BOOL` is one byte.
 */
export type Dtype =
  | "BOOL"
  | "F4"
  | "F6_E2M3"
  | "F6_E3M2"
  | "U8"
  | "I8"
  | "F8_E5M2"
  | "F8_E4M3"
  | "F8_E8M0"
  | "F8_E4M3FNUZ"
  | "F8_E5M2FNUZ"
  | "I16"
  | "U16"
  | "F16"
  | "BF16"
  | "I32"
  | "U32"
  | "F32"
  | "C64"
  | "F64"
  | "I64"
  | "U64";

/**
 * Every dtype and its width in bits, in the order of safetensors' own list, by which files are sorted: wider ones
 * first, so that each tensor begins at a multiple of its element's size.
 */
export const dtypeBits: { readonly [D in Dtype]: number } = {
  BOOL: 8,
  F4: 4,
  F6_E2M3: 6,
  F6_E3M2: 6,
  U8: 8,
  I8: 8,
  F8_E5M2: 8,
  F8_E4M3: 8,
  F8_E8M0: 8,
  F8_E4M3FNUZ: 8,
  F8_E5M2FNUZ: 8,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  C64: 64,
  F64: 64,
  I64: 64,
  U64: 64,
};

/** Whether a file's word for a dtype is one. */
export function isDtype(name: string): name is Dtype {
  return Object.hasOwn(dtypeBits, name);
}

/**
 * A tensor as it lies in a file: element type, shape, and its bytes, row-major and little-endian. A scalar has the
 * shape [].
 */
export type NamedTensor = {
  /** How each element is stored. */
  readonly dtype: Dtype;
  /** Sizes of the axes, outermost first. */
  readonly shape: readonly number[];
  /** The elements. After a read this is a view of the file's bytes, at any alignment. */
  readonly bytes: Uint8Array;
};

/** Refuses a tensor whose bytes are not as many as dtype and shape say. */
export function expectTensor(functionName: string, name: string, { dtype, shape, bytes }: NamedTensor): void {
  const expected = byteLength(dtype, shape);
  if (expected === bytes.length) return;
  const rule = typeof expected === "number" ? `expected ${expected} bytes` : `but ${expected}`;
  throw new ShapeError(
    `${functionName}: ${name} does not fit its shape. Got ${bytes.length} bytes for ${dtype} [${shape.join(", ")}], ${rule}.`,
    { name, dtype, shape, bytes: bytes.length },
  );
}

/**
 * How many bytes a tensor takes, or why there is no such number.
 *
 * Overflow-safe: sizes above 2⁵³ − 1 bytes, which no file here can have, are refused before a product loses digits. A
 * shape with a 0 in it takes no bytes, whatever else it says; an empty shape is a scalar.
 *
 * @returns the number, or the reason as the end of a sentence
 */
export function byteLength(dtype: Dtype, shape: readonly number[]): number | string {
  let elements = 1;
  for (const size of shape) {
    if (!Number.isSafeInteger(size) || size < 0) return `size ${size} is not an integer of at least 0, below 2^53`;
    elements *= size;
  }
  // Each factor is an exact integer, so the product, exact or rounded (∞·0 = NaN included), is safe only if the true
  // one is, or one size is 0.
  if (shape.includes(0)) return 0;
  const bits = elements * dtypeBits[dtype];
  if (!(bits / 8 <= Number.MAX_SAFE_INTEGER)) return "its size overflows: more than 2^53 bytes";
  return bits % 8 === 0 ? bits / 8 : `its ${bits} bits do not fill whole bytes`;
}
