import { exp4, EXP_CONSTANTS, writeExpConstants } from "./exp";
import { multiplyAdd } from "./multiply-add";

/** Bytes of {@link writeGeluConstants}. */
export const GELU_CONSTANTS: usize = EXP_CONSTANTS + 64;

/** The same, for callers that are no kernels. */
export function geluConstantBytes(): usize {
  return GELU_CONSTANTS;
}

/** Writes what {@link gelu4} and {@link geluSlope4} need; `exp.ts` says why. */
export function writeGeluConstants(to: usize): void {
  writeExpConstants(to);
  to += EXP_CONSTANTS;
  // The tail over the density, P(a)/Q(a), from the highest power down.
  store<f32>(to, 0.00381420077);
  store<f32>(to, 0.0385908412, 4);
  store<f32>(to, 0.177164306, 8);
  store<f32>(to, 0.430080575, 12);
  store<f32>(to, 0.5, 16);
  store<f32>(to, 0.00956059253, 20);
  store<f32>(to, 0.0967422305, 24);
  store<f32>(to, 0.453447134, 28);
  store<f32>(to, 1.17725506, 32);
  store<f32>(to, 1.65804595, 36);
  store<f32>(to, 1.0, 40);
  store<f32>(to, -0.5, 44);
  store<f32>(to, 13.0, 48); // beyond it e^(−a²/2) is 0 to float32
  store<f32>(to, 0.39894228, 52); // 1/√2π
}

/**
 * The upper tail of the normal distribution, 1 − Φ(a) = ½·erfc(a/√2), of four lanes a ≥ 0, given e^(−a²/2): to 1.1e-7 absolutely, and
 * to some roundings of itself, however small it is.
 *
 * The tail over e^(−a²/2) falls slowly, from ½: a rational function of degrees 4 and 5 meets it to 3e-9 on 0 … 13.5, where
 * float32's densities end (fitted by Loeb's and Lawson's iterations). Better than 1 + erf, which cancels for negative x.
 */
@inline
function normalTail4(a: v128, exponential: v128, constants: usize): v128 {
  let p = multiplyAdd(a, v128.load32_splat(constants, 48), v128.load32_splat(constants, 52));
  p = multiplyAdd(p, a, v128.load32_splat(constants, 56));
  p = multiplyAdd(p, a, v128.load32_splat(constants, 60));
  p = multiplyAdd(p, a, v128.load32_splat(constants, 64));
  let q = multiplyAdd(a, v128.load32_splat(constants, 68), v128.load32_splat(constants, 72));
  q = multiplyAdd(q, a, v128.load32_splat(constants, 76));
  q = multiplyAdd(q, a, v128.load32_splat(constants, 80));
  q = multiplyAdd(q, a, v128.load32_splat(constants, 84));
  q = multiplyAdd(q, a, v128.load32_splat(constants, 88));
  return f32x4.mul(exponential, f32x4.div(p, q));
}

/** e^(−a²/2) of four lanes. */
@inline
function bell4(a: v128, constants: usize): v128 {
  return exp4(f32x4.mul(f32x4.mul(a, a), v128.load32_splat(constants, 92)), constants);
}

/** GELU of four lanes: x·Φ(x) = max(x, 0) − |x|·(1 − Φ(|x|)), which cancels nowhere. */
@inline
export function gelu4(x: v128, constants: usize): v128 {
  const a = f32x4.pmin(f32x4.abs(x), v128.load32_splat(constants, 96));
  const positive = f32x4.pmax(x, f32x4.splat(0));
  return f32x4.sub(positive, f32x4.mul(a, normalTail4(a, bell4(a, constants), constants)));
}

/** GELU's slope of four lanes: Φ(x) + x·φ(x). */
@inline
export function geluSlope4(x: v128, constants: usize): v128 {
  const a = f32x4.pmin(f32x4.abs(x), v128.load32_splat(constants, 96));
  const bell = bell4(a, constants);
  // ½ − tail, with the sign of x, and ½: Φ(x). Likewise for x·φ(x).
  const half = v128.load32_splat(constants, 64);
  const odd = multiplyAdd(f32x4.mul(a, v128.load32_splat(constants, 100)), bell, f32x4.sub(half, normalTail4(a, bell, constants)));
  const sign = v128.and(x, i32x4.splat(0x80000000));
  return f32x4.add(half, v128.xor(odd, sign));
}
