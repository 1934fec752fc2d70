import { scale } from "./elementwise";
import { sumOfLanes } from "./lanes";
import { multiplyAdd } from "./multiply-add";

/** Σ a·b over a row. */
@inline
function dot(a: usize, b: usize, bytes: usize): f32 {
  const whole = bytes & ~31;
  let sum0 = f32x4.splat(0), sum1 = f32x4.splat(0);
  for (let at: usize = 0; at < whole; at += 32) {
    sum0 = multiplyAdd(v128.load(a + at), v128.load(b + at), sum0);
    sum1 = multiplyAdd(v128.load(a + at, 16), v128.load(b + at, 16), sum1);
  }
  let sum = sumOfLanes(f32x4.add(sum0, sum1));
  for (let at = whole; at < bytes; at += 4) sum += load<f32>(a + at) * load<f32>(b + at);
  return sum;
}

/** y = x/√max(Σ x², least), row by row; `least` is epsilon². */
export function l2Normalize(x: usize, y: usize, rows: i32, hidden: i32, least: f32): void {
  const bytes = <usize>hidden << 2;
  for (let row = 0; row < rows; row++, x += bytes, y += bytes) {
    scale(x, 1 / sqrt(max(dot(x, x, bytes), least)), y, hidden);
  }
}

/** dx = (dy − y·Σ y·dy)/‖x‖, row by row; where the norm is below epsilon the divisor is a constant: dx = dy/epsilon. */
export function l2NormalizeGradient(dy: usize, x: usize, dx: usize, rows: i32, hidden: i32, least: f32): void {
  const bytes = <usize>hidden << 2, whole = bytes & ~31;
  for (let row = 0; row < rows; row++, dy += bytes, x += bytes, dx += bytes) {
    const squares = dot(x, x, bytes);
    const inverse: f32 = 1 / sqrt(max(squares, least));
    const along: f32 = squares >= least ? -dot(x, dy, bytes) * inverse * inverse : 0;
    const along4 = f32x4.splat(along), inverse4 = f32x4.splat(inverse);
    for (let at: usize = 0; at < whole; at += 32) {
      const d0 = f32x4.mul(multiplyAdd(v128.load(x + at), along4, v128.load(dy + at)), inverse4);
      const d1 = f32x4.mul(multiplyAdd(v128.load(x + at, 16), along4, v128.load(dy + at, 16)), inverse4);
      v128.store(dx + at, d0);
      v128.store(dx + at, d1, 16);
    }
    for (let at = whole; at < bytes; at += 4) {
      store<f32>(dx + at, (load<f32>(x + at) * along + load<f32>(dy + at)) * inverse);
    }
  }
}
