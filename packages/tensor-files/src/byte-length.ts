import { type Dtype, dtypeBits } from "./dtype.ts";

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
