import { sumOfLanes } from "./lanes";
import { multiplyAdd } from "./multiply-add";

// A row of hidden states stays in the first cache, so it is read as often as is convenient. `whole` is the bytes of a row in steps of 32.

/** y = gamma·(s − mean)/√(variance + epsilon) + beta for every row s = x + residual; a residual at address 0 is none. */
export function layerNorm(
  x: usize, residual: usize, gamma: usize, beta: usize, y: usize, rows: i32, hidden: i32, epsilon: f32,
): void {
  const bytes = <usize>hidden << 2, whole = bytes & ~31;
  for (let row = 0; row < rows; row++) {
    const mean = sumRow(x, residual, y, bytes, whole) / <f32>hidden;
    const inverse: f32 = 1 / sqrt(squaresAround(y, mean, bytes, whole) / <f32>hidden + epsilon);
    const mean4 = f32x4.splat(mean), inverse4 = f32x4.splat(inverse);
    for (let at: usize = 0; at < whole; at += 32) {
      const n0 = f32x4.mul(f32x4.sub(v128.load(y + at), mean4), inverse4);
      const n1 = f32x4.mul(f32x4.sub(v128.load(y + at, 16), mean4), inverse4);
      const y0 = multiplyAdd(n0, v128.load(gamma + at), v128.load(beta + at));
      const y1 = multiplyAdd(n1, v128.load(gamma + at, 16), v128.load(beta + at, 16));
      v128.store(y + at, y0);
      v128.store(y + at, y1, 16);
    }
    for (let at = whole; at < bytes; at += 4) {
      store<f32>(y + at, (load<f32>(y + at) - mean) * inverse * load<f32>(gamma + at) + load<f32>(beta + at));
    }
    x += bytes;
    if (residual) residual += bytes;
    y += bytes;
  }
}

/**
 * The gradients of {@link layerNorm}. With n the normalised row and g = dy·gamma: dx = (g − mean(g) − n·mean(g·n))·inverse, which is
 * also the residual's; dgamma = Σ dy·n and dbeta = Σ dy over the rows.
 */
export function layerNormGradient(
  dy: usize, x: usize, residual: usize, gamma: usize, dx: usize, dgamma: usize, dbeta: usize, rows: i32, hidden: i32, epsilon: f32,
): void {
  const bytes = <usize>hidden << 2, whole = bytes & ~31;
  memory.fill(dgamma, 0, bytes);
  memory.fill(dbeta, 0, bytes);
  for (let row = 0; row < rows; row++) {
    const mean = sumRow(x, residual, dx, bytes, whole) / <f32>hidden;
    const inverse: f32 = 1 / sqrt(squaresAround(dx, mean, bytes, whole) / <f32>hidden + epsilon);
    gradientRow(dy, dx, gamma, dgamma, dbeta, bytes, whole, mean, inverse, hidden);
    dy += bytes;
    x += bytes;
    if (residual) residual += bytes;
    dx += bytes;
  }
}

/** One row's part of {@link layerNormGradient}: `dx` holds the row s and becomes its gradient. */
@inline
function gradientRow(
  dy: usize, dx: usize, gamma: usize, dgamma: usize, dbeta: usize, bytes: usize, whole: usize, mean: f32, inverse: f32, hidden: i32,
): void {
  const mean4 = f32x4.splat(mean), inverse4 = f32x4.splat(inverse);
  let g0 = f32x4.splat(0), g1 = f32x4.splat(0), along0 = f32x4.splat(0), along1 = f32x4.splat(0);
  for (let at: usize = 0; at < whole; at += 32) {
    const d0 = v128.load(dy + at), d1 = v128.load(dy + at, 16);
    const n0 = f32x4.mul(f32x4.sub(v128.load(dx + at), mean4), inverse4);
    const n1 = f32x4.mul(f32x4.sub(v128.load(dx + at, 16), mean4), inverse4);
    const product0 = f32x4.mul(d0, v128.load(gamma + at)), product1 = f32x4.mul(d1, v128.load(gamma + at, 16));
    g0 = f32x4.add(g0, product0);
    g1 = f32x4.add(g1, product1);
    along0 = multiplyAdd(product0, n0, along0);
    along1 = multiplyAdd(product1, n1, along1);
    const dgamma0 = multiplyAdd(d0, n0, v128.load(dgamma + at)), dgamma1 = multiplyAdd(d1, n1, v128.load(dgamma + at, 16));
    const dbeta0 = f32x4.add(d0, v128.load(dbeta + at)), dbeta1 = f32x4.add(d1, v128.load(dbeta + at, 16));
    v128.store(dgamma + at, dgamma0);
    v128.store(dgamma + at, dgamma1, 16);
    v128.store(dbeta + at, dbeta0);
    v128.store(dbeta + at, dbeta1, 16);
    v128.store(dx + at, n0);
    v128.store(dx + at, n1, 16);
  }
  let sum = sumOfLanes(f32x4.add(g0, g1)), along = sumOfLanes(f32x4.add(along0, along1));
  for (let at = whole; at < bytes; at += 4) {
    const d = load<f32>(dy + at), n = (load<f32>(dx + at) - mean) * inverse, g = d * load<f32>(gamma + at);
    sum += g;
    along += g * n;
    store<f32>(dgamma + at, load<f32>(dgamma + at) + d * n);
    store<f32>(dbeta + at, load<f32>(dbeta + at) + d);
    store<f32>(dx + at, n);
  }
  sum /= <f32>hidden;
  along /= <f32>hidden;
  const sum4 = f32x4.splat(sum), against4 = f32x4.splat(-along);
  for (let at: usize = 0; at < whole; at += 32) {
    const a0 = f32x4.sub(f32x4.mul(v128.load(dy + at), v128.load(gamma + at)), sum4);
    const a1 = f32x4.sub(f32x4.mul(v128.load(dy + at, 16), v128.load(gamma + at, 16)), sum4);
    const d0 = f32x4.mul(multiplyAdd(v128.load(dx + at), against4, a0), inverse4);
    const d1 = f32x4.mul(multiplyAdd(v128.load(dx + at, 16), against4, a1), inverse4);
    v128.store(dx + at, d0);
    v128.store(dx + at, d1, 16);
  }
  for (let at = whole; at < bytes; at += 4) {
    const g = load<f32>(dy + at) * load<f32>(gamma + at);
    store<f32>(dx + at, (g - sum - load<f32>(dx + at) * along) * inverse);
  }
}

/** Writes x + residual to s, and returns its sum. */
@inline
function sumRow(x: usize, residual: usize, s: usize, bytes: usize, whole: usize): f32 {
  let sum0 = f32x4.splat(0), sum1 = f32x4.splat(0);
  if (residual) {
    for (let at: usize = 0; at < whole; at += 32) {
      const s0 = f32x4.add(v128.load(x + at), v128.load(residual + at));
      const s1 = f32x4.add(v128.load(x + at, 16), v128.load(residual + at, 16));
      v128.store(s + at, s0);
      v128.store(s + at, s1, 16);
      sum0 = f32x4.add(sum0, s0);
      sum1 = f32x4.add(sum1, s1);
    }
  } else {
    for (let at: usize = 0; at < whole; at += 32) {
      const s0 = v128.load(x + at), s1 = v128.load(x + at, 16);
      v128.store(s + at, s0);
      v128.store(s + at, s1, 16);
      sum0 = f32x4.add(sum0, s0);
      sum1 = f32x4.add(sum1, s1);
    }
  }
  let sum = sumOfLanes(f32x4.add(sum0, sum1));
  for (let at = whole; at < bytes; at += 4) {
    const value = load<f32>(x + at) + (residual ? load<f32>(residual + at) : 0);
    store<f32>(s + at, value);
    sum += value;
  }
  return sum;
}

/** Σ (s − mean)². In a pass of its own: Σ s² − n·mean² would cancel. */
@inline
function squaresAround(s: usize, mean: f32, bytes: usize, whole: usize): f32 {
  const mean4 = f32x4.splat(mean);
  let sum0 = f32x4.splat(0), sum1 = f32x4.splat(0);
  for (let at: usize = 0; at < whole; at += 32) {
    const d0 = f32x4.sub(v128.load(s + at), mean4), d1 = f32x4.sub(v128.load(s + at, 16), mean4);
    sum0 = multiplyAdd(d0, d0, sum0);
    sum1 = multiplyAdd(d1, d1, sum1);
  }
  let sum = sumOfLanes(f32x4.add(sum0, sum1));
  for (let at = whole; at < bytes; at += 4) {
    const d = load<f32>(s + at) - mean;
    sum += d * d;
  }
  return sum;
}
