import { gelu4, geluSlope4 } from "./erf";

/** y = x·Φ(x), of `count` numbers; constants as `writeGeluConstants` writes them. */
export function gelu(x: usize, y: usize, count: usize, constants: usize): void {
  const bytes = count << 2, whole = bytes & ~31;
  for (let at: usize = 0; at < whole; at += 32) {
    const y0 = gelu4(v128.load(x + at), constants), y1 = gelu4(v128.load(x + at, 16), constants);
    v128.store(y + at, y0);
    v128.store(y + at, y1, 16);
  }
  for (let at = whole; at < bytes; at += 4) {
    store<f32>(y + at, f32x4.extract_lane(gelu4(v128.load32_splat(x + at), constants), 0));
  }
}

/** dx = dy·(Φ(x) + x·φ(x)), of `count` numbers; constants as `writeGeluConstants` writes them. */
export function geluGradient(dy: usize, x: usize, dx: usize, count: usize, constants: usize): void {
  const bytes = count << 2, whole = bytes & ~31;
  for (let at: usize = 0; at < whole; at += 32) {
    const d0 = f32x4.mul(v128.load(dy + at), geluSlope4(v128.load(x + at), constants));
    const d1 = f32x4.mul(v128.load(dy + at, 16), geluSlope4(v128.load(x + at, 16), constants));
    v128.store(dx + at, d0);
    v128.store(dx + at, d1, 16);
  }
  for (let at = whole; at < bytes; at += 4) {
    store<f32>(dx + at, load<f32>(dy + at) * f32x4.extract_lane(geluSlope4(v128.load32_splat(x + at), constants), 0));
  }
}
