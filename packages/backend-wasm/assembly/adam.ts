import { multiplyAdd } from "./multiply-add";

/** m and v of four weights, moved on by a gradient g; returned is the step m·factor/(√v + epsilon). */
@inline
function moments4(m: v128, v: v128, epsilon: v128, factor: v128): v128 {
  return f32x4.div(f32x4.mul(m, factor), f32x4.add(f32x4.sqrt(v), epsilon));
}

/**
 * AdamW on `count` weights, in one pass over weights, gradients and both moments: with g ← g·clip,
 *
 *     m ← m + rest1·(g − m)      v ← v + rest2·(g² − v)      w ← w·kept + factor·m/(√v + epsilon)
 *
 * `rest1` is 1 − β1, `rest2` 1 − β2; `factor` has rate and bias corrections in it, `kept` the weight decay. The results go to `toWeights`,
 * `toFirst` and `toSecond`, which may be where the numbers come from.
 */
export function adamw(
  weights: usize, gradients: usize, first: usize, second: usize, toWeights: usize, toFirst: usize, toSecond: usize, count: usize,
  clip: f32, rest1: f32, rest2: f32, epsilon: f32, factor: f32, kept: f32,
): void {
  const bytes = count << 2, whole = bytes & ~31;
  const clip4 = f32x4.splat(clip), rest14 = f32x4.splat(rest1), rest24 = f32x4.splat(rest2);
  const epsilon4 = f32x4.splat(epsilon), factor4 = f32x4.splat(factor), kept4 = f32x4.splat(kept);
  for (let at: usize = 0; at < whole; at += 32) {
    const g0 = f32x4.mul(v128.load(gradients + at), clip4), g1 = f32x4.mul(v128.load(gradients + at, 16), clip4);
    let m0 = v128.load(first + at), m1 = v128.load(first + at, 16);
    let v0 = v128.load(second + at), v1 = v128.load(second + at, 16);
    m0 = multiplyAdd(f32x4.sub(g0, m0), rest14, m0);
    m1 = multiplyAdd(f32x4.sub(g1, m1), rest14, m1);
    v0 = multiplyAdd(f32x4.sub(f32x4.mul(g0, g0), v0), rest24, v0);
    v1 = multiplyAdd(f32x4.sub(f32x4.mul(g1, g1), v1), rest24, v1);
    const w0 = multiplyAdd(v128.load(weights + at), kept4, moments4(m0, v0, epsilon4, factor4));
    const w1 = multiplyAdd(v128.load(weights + at, 16), kept4, moments4(m1, v1, epsilon4, factor4));
    v128.store(toFirst + at, m0);
    v128.store(toFirst + at, m1, 16);
    v128.store(toSecond + at, v0);
    v128.store(toSecond + at, v1, 16);
    v128.store(toWeights + at, w0);
    v128.store(toWeights + at, w1, 16);
  }
  for (let at = whole; at < bytes; at += 4) {
    const g = load<f32>(gradients + at) * clip;
    const m = load<f32>(first + at) + rest1 * (g - load<f32>(first + at));
    const v = load<f32>(second + at) + rest2 * (g * g - load<f32>(second + at));
    store<f32>(toFirst + at, m);
    store<f32>(toSecond + at, v);
    store<f32>(toWeights + at, load<f32>(weights + at) * kept + (factor * m) / (sqrt(v) + epsilon));
  }
}

/** Σ x² of `count` numbers, in float64: no float32 overflows in it and none vanishes. */
export function sumOfSquares(x: usize, count: usize): f64 {
  const bytes = count << 2, whole = bytes & ~31;
  let sum0 = f64x2.splat(0), sum1 = f64x2.splat(0), sum2 = f64x2.splat(0), sum3 = f64x2.splat(0);
  for (let at: usize = 0; at < whole; at += 32) {
    const x0 = f64x2.promote_low_f32x4(v128.load64_zero(x + at)), x1 = f64x2.promote_low_f32x4(v128.load64_zero(x + at, 8));
    const x2 = f64x2.promote_low_f32x4(v128.load64_zero(x + at, 16)), x3 = f64x2.promote_low_f32x4(v128.load64_zero(x + at, 24));
    sum0 = f64x2.add(sum0, f64x2.mul(x0, x0));
    sum1 = f64x2.add(sum1, f64x2.mul(x1, x1));
    sum2 = f64x2.add(sum2, f64x2.mul(x2, x2));
    sum3 = f64x2.add(sum3, f64x2.mul(x3, x3));
  }
  const both = f64x2.add(f64x2.add(sum0, sum1), f64x2.add(sum2, sum3));
  let sum = f64x2.extract_lane(both, 0) + f64x2.extract_lane(both, 1);
  for (let at = whole; at < bytes; at += 4) sum += <f64>load<f32>(x + at) * <f64>load<f32>(x + at);
  return sum;
}
