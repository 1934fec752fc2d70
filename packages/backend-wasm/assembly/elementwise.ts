import { sumOfLanes } from "./lanes";

/** y = a + b, of `count` numbers. */
export function add(a: usize, b: usize, y: usize, count: usize): void {
  const bytes = count << 2, whole = bytes & ~31;
  for (let at: usize = 0; at < whole; at += 32) {
    const y0 = f32x4.add(v128.load(a + at), v128.load(b + at));
    const y1 = f32x4.add(v128.load(a + at, 16), v128.load(b + at, 16));
    v128.store(y + at, y0);
    v128.store(y + at, y1, 16);
  }
  for (let at = whole; at < bytes; at += 4) store<f32>(y + at, load<f32>(a + at) + load<f32>(b + at));
}

/** y = x·factor, of `count` numbers. */
export function scale(x: usize, factor: f32, y: usize, count: usize): void {
  const bytes = count << 2, whole = bytes & ~31;
  const by = f32x4.splat(factor);
  for (let at: usize = 0; at < whole; at += 32) {
    const y0 = f32x4.mul(v128.load(x + at), by), y1 = f32x4.mul(v128.load(x + at, 16), by);
    v128.store(y + at, y0);
    v128.store(y + at, y1, 16);
  }
  for (let at = whole; at < bytes; at += 4) store<f32>(y + at, load<f32>(x + at) * factor);
}

/** The sum of `count` numbers: in float32 over runs of 1,024, in float64 over the runs, so that it is good to some roundings. */
export function sum(x: usize, count: usize): f64 {
  let all: f64 = 0;
  const bytes = count << 2, whole = bytes & ~31;
  for (let run: usize = 0; run < whole; run += 4096) {
    let sum0 = f32x4.splat(0), sum1 = f32x4.splat(0);
    for (let at = run, end = min(run + 4096, whole); at < end; at += 32) {
      sum0 = f32x4.add(sum0, v128.load(x + at));
      sum1 = f32x4.add(sum1, v128.load(x + at, 16));
    }
    all += <f64>sumOfLanes(f32x4.add(sum0, sum1));
  }
  for (let at = whole; at < bytes; at += 4) all += <f64>load<f32>(x + at);
  return all;
}
