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
