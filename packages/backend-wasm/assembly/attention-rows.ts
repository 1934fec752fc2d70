import { exp4 } from "./exp";
import { maxOfLanes, sumOfLanes } from "./lanes";
import { multiplyAdd } from "./multiply-add";
import { threefry4 } from "./threefry";

// What happens to one row of scores. Rows have room for a multiple of 8 numbers; the places beyond `length` hold zeros afterwards.

/** Of no weight beside any score. */
const NOTHING: f32 = -1e30;

/** The softmax of scores·scale + bias, in place. Bias may be read up to 7 numbers beyond `length`. */
export function softmaxRow(row: usize, bias: usize, length: i32, scale: f32, constants: usize): void {
  const by = f32x4.splat(scale);
  const nothing = f32x4.splat(NOTHING);
  let top0 = nothing, top1 = nothing;
  const whole = (<usize>length >> 3) << 5;
  for (let at: usize = 0; at < whole; at += 32) {
    const x0 = multiplyAdd(v128.load(row + at), by, v128.load(bias + at));
    const x1 = multiplyAdd(v128.load(row + at, 16), by, v128.load(bias + at, 16));
    v128.store(row + at, x0);
    v128.store(row + at, x1, 16);
    top0 = f32x4.pmax(top0, x0);
    top1 = f32x4.pmax(top1, x1);
  }
  const left = i32x4.splat(length & 7);
  const real0 = i32x4.gt_s(left, i32x4(0, 1, 2, 3)), real1 = i32x4.gt_s(left, i32x4(4, 5, 6, 7));
  let end = whole;
  if (length & 7) {
    const x0 = v128.bitselect(multiplyAdd(v128.load(row + whole), by, v128.load(bias + whole)), nothing, real0);
    const x1 = v128.bitselect(multiplyAdd(v128.load(row + whole, 16), by, v128.load(bias + whole, 16)), nothing, real1);
    v128.store(row + whole, x0);
    v128.store(row + whole, x1, 16);
    top0 = f32x4.pmax(top0, x0);
    top1 = f32x4.pmax(top1, x1);
    end += 32;
  }
  const top = f32x4.splat(maxOfLanes(f32x4.pmax(top0, top1)));
  let sum0 = f32x4.splat(0), sum1 = f32x4.splat(0);
  for (let at: usize = 0; at < end; at += 32) {
    const e0 = exp4(f32x4.sub(v128.load(row + at), top), constants);
    const e1 = exp4(f32x4.sub(v128.load(row + at, 16), top), constants);
    v128.store(row + at, e0);
    v128.store(row + at, e1, 16);
    sum0 = f32x4.add(sum0, e0);
    sum1 = f32x4.add(sum1, e1);
  }
  // What lies beyond the row was 1e-38 in the sum.
  const inverse = f32x4.splat(1.0 / sumOfLanes(f32x4.add(sum0, sum1)));
  for (let at: usize = 0; at < whole; at += 32) {
    const p0 = f32x4.mul(v128.load(row + at), inverse);
    const p1 = f32x4.mul(v128.load(row + at, 16), inverse);
    v128.store(row + at, p0);
    v128.store(row + at, p1, 16);
  }
  if (length & 7) {
    const p0 = v128.and(f32x4.mul(v128.load(row + whole), inverse), real0);
    const p1 = v128.and(f32x4.mul(v128.load(row + whole, 16), inverse), real1);
    v128.store(row + whole, p0);
    v128.store(row + whole, p1, 16);
  }
}

/** Dropout of a row of weights, in place: times `kept` or 0. `counter` is the second counter word of key 0. */
export function dropWeights(
  row: usize, padded: i32, kept: f32, threshold: i32, key0: i32, key1: i32, sentence: i32, counter: i32,
): void {
  const by = f32x4.splat(kept), limit = i32x4.splat(threshold);
  // Not c1 = c0 + 4: V8 pairs only what is made in the same way.
  const base = i32x4.splat(counter);
  let c0 = i32x4.add(base, i32x4(0, 1, 2, 3)), c1 = i32x4.add(base, i32x4(4, 5, 6, 7));
  for (const end = row + (<usize>padded << 2); row < end; row += 32) {
    const m0 = v128.and(by, i32x4.ge_u(threefry4(key0, key1, sentence, c0), limit));
    const m1 = v128.and(by, i32x4.ge_u(threefry4(key0, key1, sentence, c1), limit));
    const w0 = f32x4.mul(v128.load(row), m0), w1 = f32x4.mul(v128.load(row, 16), m1);
    v128.store(row, w0);
    v128.store(row, w1, 16);
    c0 = i32x4.add(c0, i32x4.splat(8));
    c1 = i32x4.add(c1, i32x4.splat(8));
  }
}

/** The same mask on a row of weights, into `dropped`, and on the gradient of the dropped weights, in place. */
export function dropWeightsAndGradients(
  row: usize, gradients: usize, dropped: usize, padded: i32, kept: f32, threshold: i32, key0: i32, key1: i32, sentence: i32, counter: i32,
): void {
  const by = f32x4.splat(kept), limit = i32x4.splat(threshold);
  // Not c1 = c0 + 4: V8 pairs only what is made in the same way.
  const base = i32x4.splat(counter);
  let c0 = i32x4.add(base, i32x4(0, 1, 2, 3)), c1 = i32x4.add(base, i32x4(4, 5, 6, 7));
  for (let at: usize = 0; at < <usize>padded << 2; at += 32) {
    const m0 = v128.and(by, i32x4.ge_u(threefry4(key0, key1, sentence, c0), limit));
    const m1 = v128.and(by, i32x4.ge_u(threefry4(key0, key1, sentence, c1), limit));
    const w0 = f32x4.mul(v128.load(row + at), m0), w1 = f32x4.mul(v128.load(row + at, 16), m1);
    const g0 = f32x4.mul(v128.load(gradients + at), m0), g1 = f32x4.mul(v128.load(gradients + at, 16), m1);
    v128.store(dropped + at, w0);
    v128.store(dropped + at, w1, 16);
    v128.store(gradients + at, g0);
    v128.store(gradients + at, g1, 16);
    c0 = i32x4.add(c0, i32x4.splat(8));
    c1 = i32x4.add(c1, i32x4.splat(8));
  }
}

/** The gradient of a row of scores from the weights P and their gradient, in place of the latter: scale·P∘(dP − Σ P∘dP). */
export function softmaxGradientRow(row: usize, gradients: usize, padded: i32, scale: f32): void {
  const end = <usize>padded << 2;
  let sum0 = f32x4.splat(0), sum1 = f32x4.splat(0);
  for (let at: usize = 0; at < end; at += 32) {
    sum0 = multiplyAdd(v128.load(row + at), v128.load(gradients + at), sum0);
    sum1 = multiplyAdd(v128.load(row + at, 16), v128.load(gradients + at, 16), sum1);
  }
  const mean = f32x4.splat(sumOfLanes(f32x4.add(sum0, sum1))), by = f32x4.splat(scale);
  for (let at: usize = 0; at < end; at += 32) {
    const g0 = f32x4.mul(f32x4.mul(v128.load(row + at), by), f32x4.sub(v128.load(gradients + at), mean));
    const g1 = f32x4.mul(f32x4.mul(v128.load(row + at, 16), by), f32x4.sub(v128.load(gradients + at, 16), mean));
    v128.store(gradients + at, g0);
    v128.store(gradients + at, g1, 16);
  }
}
