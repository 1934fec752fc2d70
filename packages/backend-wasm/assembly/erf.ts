import { exp4 } from "./exp";
import { multiplyAdd } from "./multiply-add";

/**
 * The upper tail of the normal distribution, 1 − Φ(a) = ½·erfc(a/√2), of four lanes a ≥ 0, given e^(−a²/2): to 1.1e-7 absolutely, and
 * to some roundings of itself, however small it is.
 *
 * The tail over the density falls slowly, from ½ to 1/(a·√2π): a rational function of degrees 4 and 5 meets it to 3e-9 on 0 … 13.5
 * (fitted by Loeb's and Lawson's iterations), where float32's densities end. Better than 1 + erf, which cancels for negative x.
 */
@inline
export function normalTail4(a: v128, exponential: v128): v128 {
  let p = multiplyAdd(a, f32x4.splat(0.00381420077), f32x4.splat(0.0385908412));
  p = multiplyAdd(p, a, f32x4.splat(0.177164306));
  p = multiplyAdd(p, a, f32x4.splat(0.430080575));
  p = multiplyAdd(p, a, f32x4.splat(0.5));
  let q = multiplyAdd(a, f32x4.splat(0.00956059253), f32x4.splat(0.0967422305));
  q = multiplyAdd(q, a, f32x4.splat(0.453447134));
  q = multiplyAdd(q, a, f32x4.splat(1.17725506));
  q = multiplyAdd(q, a, f32x4.splat(1.65804595));
  q = multiplyAdd(q, a, f32x4.splat(1.0));
  return f32x4.mul(exponential, f32x4.div(p, q));
}

/** e^(−x²/2) of four lanes; its argument is cut at ±13, beyond which it is 0 to float32. */
@inline
function bell4(a: v128): v128 {
  return exp4(f32x4.mul(f32x4.mul(a, a), f32x4.splat(-0.5)));
}

/** GELU of four lanes: x·Φ(x) = max(x, 0) − |x|·(1 − Φ(|x|)), which cancels nowhere. */
@inline
export function gelu4(x: v128): v128 {
  const size = f32x4.abs(x);
  const a = f32x4.min(size, f32x4.splat(13.0));
  return f32x4.sub(f32x4.max(x, f32x4.splat(0.0)), f32x4.mul(a, normalTail4(a, bell4(a))));
}

/** GELU's slope of four lanes: Φ(x) + x·φ(x). */
@inline
export function geluSlope4(x: v128): v128 {
  const a = f32x4.min(f32x4.abs(x), f32x4.splat(13.0));
  const bell = bell4(a);
  const tail = normalTail4(a, bell);
  const negative = f32x4.lt(x, f32x4.splat(0.0));
  const cdf = v128.bitselect(tail, f32x4.sub(f32x4.splat(1.0), tail), negative);
  const cut = v128.bitselect(f32x4.neg(a), a, negative);
  return multiplyAdd(f32x4.mul(cut, f32x4.splat(0.39894228)), bell, cdf);
}
