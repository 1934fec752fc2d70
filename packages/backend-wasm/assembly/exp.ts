import { multiplyAdd } from "./multiply-add";

/** 1.5·2²³: adding it rounds a small float32 to a whole number and leaves that number in the lowest bits. */
const ROUNDER: f32 = 12582912.0;

/**
 * eˣ of four lanes, to about 1.5 roundings. Below −87 it is e⁻⁸⁷ (1.6e-38), above 88 it is e⁸⁸.
 *
 * eˣ = 2ⁿ·eʳ with n the nearest whole number to x/ln 2, so that |r| ≤ ln 2/2; eʳ = 1 + r + r²·p(r) with p a minimax polynomial for the
 * relative error, 3e-9 (fitted by Lawson's iteration).
 */
@inline
export function exp4(x: v128): v128 {
  const cut = f32x4.min(f32x4.max(x, f32x4.splat(-87.0)), f32x4.splat(88.0));
  const rounded = multiplyAdd(cut, f32x4.splat(1.44269504), f32x4.splat(ROUNDER));
  const n = f32x4.sub(rounded, f32x4.splat(ROUNDER));
  // ln 2 in two parts: n times the first is exact.
  let r = multiplyAdd(n, f32x4.splat(-0.693359375), cut);
  r = multiplyAdd(n, f32x4.splat(0.00021219444), r);
  let p = multiplyAdd(r, f32x4.splat(0.001381454), f32x4.splat(0.00836874519));
  p = multiplyAdd(p, r, f32x4.splat(0.0416683908));
  p = multiplyAdd(p, r, f32x4.splat(0.166665204));
  p = multiplyAdd(p, r, f32x4.splat(0.499999934));
  const e = f32x4.add(multiplyAdd(f32x4.mul(r, r), p, r), f32x4.splat(1.0));
  return i32x4.add(e, i32x4.shl(rounded, 23)); // the exponent's bits start at 23
}
