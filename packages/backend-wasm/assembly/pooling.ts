import { addRow } from "./rows";
import { scale } from "./elementwise";

// One row a sentence. `spans` holds first row, length and global number of each; rows in no sentence are neither read nor written.

/** y[sentence] = Σ weights[token]·x[token]; weights at address 0 stand for 1/length. */
export function pool(x: usize, weights: usize, y: usize, spans: usize, sentences: i32, hidden: i32): void {
  const bytes = <usize>hidden << 2;
  memory.fill(y, 0, <usize>sentences * bytes);
  for (let s = 0; s < sentences; s++, spans += 12, y += bytes) {
    const first = <usize>load<i32>(spans), length = load<i32>(spans, 4);
    for (let i: usize = 0; i < <usize>length; i++) {
      const weight = weights ? load<f32>(weights + ((first + i) << 2)) : <f32>1 / <f32>length;
      addRow(x + (first + i) * bytes, weight, y, hidden);
    }
  }
}

/** dx[token] = weights[token]·dy[sentence]. */
export function poolGradient(dy: usize, weights: usize, dx: usize, spans: usize, sentences: i32, hidden: i32): void {
  const bytes = <usize>hidden << 2;
  for (let s = 0; s < sentences; s++, spans += 12, dy += bytes) {
    const first = <usize>load<i32>(spans), length = load<i32>(spans, 4);
    for (let i: usize = 0; i < <usize>length; i++) {
      const weight = weights ? load<f32>(weights + ((first + i) << 2)) : <f32>1 / <f32>length;
      scale(dy, weight, dx + (first + i) * bytes, hidden);
    }
  }
}

/** y[sentence, feature] = max x[token, feature]; 0 for a sentence of no tokens. */
export function segmentMax(x: usize, y: usize, spans: usize, sentences: i32, hidden: i32): void {
  const bytes = <usize>hidden << 2, whole = bytes & ~31;
  for (let s = 0; s < sentences; s++, spans += 12, y += bytes) {
    let row = x + <usize>load<i32>(spans) * bytes;
    const length = load<i32>(spans, 4);
    if (length == 0) memory.fill(y, 0, bytes);
    else memory.copy(y, row, bytes);
    for (let i = 1; i < length; i++) {
      row += bytes;
      for (let at: usize = 0; at < whole; at += 32) {
        const y0 = f32x4.max(v128.load(y + at), v128.load(row + at));
        const y1 = f32x4.max(v128.load(y + at, 16), v128.load(row + at, 16));
        v128.store(y + at, y0);
        v128.store(y + at, y1, 16);
      }
      for (let at = whole; at < bytes; at += 4) store<f32>(y + at, max(load<f32>(y + at), load<f32>(row + at)));
    }
  }
}

/** dx[token, feature] = dy[sentence, feature] at the first token that has the largest value, 0 at the others of the sentence. */
export function segmentMaxGradient(dy: usize, x: usize, dx: usize, spans: usize, sentences: i32, hidden: i32): void {
  const bytes = <usize>hidden << 2;
  for (let s = 0; s < sentences; s++, spans += 12, dy += bytes) {
    const first = <usize>load<i32>(spans) * bytes, length = load<i32>(spans, 4);
    memory.fill(dx + first, 0, <usize>length * bytes);
    if (length == 0) continue;
    for (let at: usize = 0; at < bytes; at += 4) {
      let best = first + at;
      for (let i = 1, here = best; i < length; i++) {
        here += bytes;
        if (load<f32>(x + here) > load<f32>(x + best)) best = here;
      }
      store<f32>(dx + best, load<f32>(dy + at));
    }
  }
}
