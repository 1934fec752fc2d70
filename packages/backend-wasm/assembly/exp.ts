import { multiplyAdd } from "./multiply-add";

// V8 builds a constant of four lanes anew at every use, from three to five instructions, also in a loop. So the constants of a function of
// many are written to scratch once a call and loaded from there, which takes one.

/** Bytes of {@link writeExpConstants}. */
export const EXP_CONSTANTS: usize = 48;

/** 1.5·2²³: adding it rounds a small float32 to a whole number and leaves that number in the lowest bits. */
const ROUNDER: f32 = 12582912.0;

/** Writes what {@link exp4} needs. */
export function writeExpConstants(to: usize): void {
  store<f32>(to, -87.0);
  store<f32>(to, 1.44269504, 4); // 1/ln 2
  store<f32>(to, ROUNDER, 8);
  store<f32>(to, -0.693359375, 12); // −ln 2 in two parts: a whole number times the first is exact
  store<f32>(to, 0.00021219444, 16);
  store<f32>(to, 0.001381454, 20);
  store<f32>(to, 0.00836874519, 24);
  store<f32>(to, 0.0416683908, 28);
  store<f32>(to, 0.166665204, 32);
  store<f32>(to, 0.499999934, 36);
  store<f32>(to, 1.0, 40);
}

/**
 * eˣ of four lanes up to 88, to about 1.5 roundings; below −87 it is e⁻⁸⁷ (1.6e-38). Larger x overflow to nonsense.
 *
 * eˣ = 2ⁿ·eʳ with n the nearest whole number to x/ln 2, so that |r| ≤ ln 2/2; eʳ = 1 + r + r²·p(r) with p a minimax polynomial for the
 * relative error, 3e-9 (fitted by Lawson's iteration).
 */
@inline
export function exp4(x: v128, constants: usize): v128 {
  const cut = f32x4.pmax(x, v128.load32_splat(constants));
  const rounder = v128.load32_splat(constants, 8);
  const rounded = multiplyAdd(cut, v128.load32_splat(constants, 4), rounder);
  const n = f32x4.sub(rounded, rounder);
  let r = multiplyAdd(n, v128.load32_splat(constants, 12), cut);
  r = multiplyAdd(n, v128.load32_splat(constants, 16), r);
  let p = multiplyAdd(r, v128.load32_splat(constants, 20), v128.load32_splat(constants, 24));
  p = multiplyAdd(p, r, v128.load32_splat(constants, 28));
  p = multiplyAdd(p, r, v128.load32_splat(constants, 32));
  p = multiplyAdd(p, r, v128.load32_splat(constants, 36));
  const e = f32x4.add(multiplyAdd(f32x4.mul(r, r), p, r), v128.load32_splat(constants, 40));
  return i32x4.add(e, i32x4.shl(rounded, 23)); // the exponent's bits start at 23
}
