import { sumOfLanes } from "./lanes";
import { multiplyAdd } from "./multiply-add";

/** Σ x² of a row of `bytes` bytes. */
@inline
function squares(row: usize, bytes: usize): f32 {
  const pairs = bytes & ~31;
  let s0 = f32x4.splat(0), s1 = f32x4.splat(0);
  let at: usize = 0;
  for (; at < pairs; at += 32) {
    const a = v128.load(row + at), b = v128.load(row + at, 16);
    s0 = multiplyAdd(a, a, s0);
    s1 = multiplyAdd(b, b, s1);
  }
  let sum = sumOfLanes(f32x4.add(s0, s1));
  for (; at < bytes; at += 4) sum += load<f32>(row + at) * load<f32>(row + at);
  return sum;
}

/** to[row] = 1/|row|; NaN where the squares overflow float32, or are so small that they may have vanished in it. */
export function inverseNorms(rows: usize, count: i32, dimension: i32, to: usize): void {
  const bytes = <usize>dimension << 2;
  for (const end = rows + <usize>count * bytes; rows < end; rows += bytes) {
    const sum = squares(rows, bytes);
    store<f32>(to, sum >= 1e-30 && sum <= 1e30 ? 1 / sqrt(sum) : NaN);
    to += 4;
  }
}

/** The greatest |row|; infinite where squares overflow float32, NaN where a row has one. */
export function largestNorm(rows: usize, count: i32, dimension: i32): f32 {
  const bytes = <usize>dimension << 2;
  let largest: f32 = 0;
  for (const end = rows + <usize>count * bytes; rows < end; rows += bytes) largest = max(largest, squares(rows, bytes));
  return sqrt(largest);
}

/** scores[i] ← scores[i]·factors[i], of `count` numbers. */
export function multiply(scores: usize, factors: usize, count: i32): void {
  const bytes = <usize>count << 2, quads = bytes & ~15;
  let at: usize = 0;
  for (; at < quads; at += 16) v128.store(scores + at, f32x4.mul(v128.load(scores + at), v128.load(factors + at)));
  for (; at < bytes; at += 4) store<f32>(scores + at, load<f32>(scores + at) * load<f32>(factors + at));
}
