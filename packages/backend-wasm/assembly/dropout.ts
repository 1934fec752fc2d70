import { threefry4 } from "./threefry";

/**
 * y = x·kept where the element's Threefry word is at least `threshold`, else 0: the mask that `dropoutKeep` of @kindred/random lays
 * down, with counter (global sentence, position·65536 + feature). `spans` holds first row, length and global number of each sentence;
 * rows in no sentence are not written.
 */
export function dropout(
  x: usize, y: usize, spans: usize, sentences: i32, hidden: i32, kept: f32, threshold: i32, key0: i32, key1: i32,
): void {
  const bytes = <usize>hidden << 2, whole = bytes & ~31;
  const by = f32x4.splat(kept), limit = i32x4.splat(threshold);
  for (let s = 0; s < sentences; s++, spans += 12) {
    const first = <usize>load<i32>(spans) * bytes, length = load<i32>(spans, 4), sentence = load<i32>(spans, 8);
    for (let position = 0; position < length; position++) {
      const from = x + first + <usize>position * bytes, to = y + first + <usize>position * bytes;
      // Not c1 = c0 + 4: V8 pairs only what is made in the same way.
      const base = i32x4.splat(position << 16);
      let c0 = i32x4.add(base, i32x4(0, 1, 2, 3)), c1 = i32x4.add(base, i32x4(4, 5, 6, 7));
      for (let at: usize = 0; at < whole; at += 32) {
        const m0 = v128.and(by, i32x4.ge_u(threefry4(key0, key1, sentence, c0), limit));
        const m1 = v128.and(by, i32x4.ge_u(threefry4(key0, key1, sentence, c1), limit));
        const y0 = f32x4.mul(v128.load(from + at), m0), y1 = f32x4.mul(v128.load(from + at, 16), m1);
        v128.store(to + at, y0);
        v128.store(to + at, y1, 16);
        c0 = i32x4.add(c0, i32x4.splat(8));
        c1 = i32x4.add(c1, i32x4.splat(8));
      }
      for (let at = whole; at < bytes; at += 4) {
        const word = threefry4(key0, key1, sentence, i32x4.splat((position << 16) + <i32>(at >> 2)));
        const keep = <u32>i32x4.extract_lane(word, 0) >= <u32>threshold;
        store<f32>(to + at, load<f32>(from + at) * (keep ? kept : 0));
      }
    }
  }
}
