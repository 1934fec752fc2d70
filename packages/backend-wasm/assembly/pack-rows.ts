import { ROWS } from "./tile";

/**
 * Copies `rows` (at most ROWS) rows of A, `inner` long, to a panel that holds them step by step: to[k·rows + r] = A[r, k].
 * A's rows lie `stride` bytes apart.
 */
export function packRows(from: usize, stride: usize, to: usize, rows: i32, inner: i32): void {
  let k = 0;
  if (rows == ROWS) {
    const r1 = from + stride, r2 = r1 + stride, r3 = r2 + stride, r4 = r3 + stride, r5 = r4 + stride;
    for (; k + 4 <= inner; k += 4) {
      const at = (<usize>k) << 2;
      const a0 = v128.load(from + at), a1 = v128.load(r1 + at), a2 = v128.load(r2 + at), a3 = v128.load(r3 + at);
      const a4 = v128.load(r4 + at), a5 = v128.load(r5 + at);
      const low01 = i32x4.shuffle(a0, a1, 0, 4, 1, 5), high01 = i32x4.shuffle(a0, a1, 2, 6, 3, 7);
      const low23 = i32x4.shuffle(a2, a3, 0, 4, 1, 5), high23 = i32x4.shuffle(a2, a3, 2, 6, 3, 7);
      const low45 = i32x4.shuffle(a4, a5, 0, 4, 1, 5), high45 = i32x4.shuffle(a4, a5, 2, 6, 3, 7);
      v128.store(to, i64x2.shuffle(low01, low23, 0, 2));
      v128.store(to, i64x2.shuffle(low45, low01, 0, 3), 16);
      v128.store(to, i64x2.shuffle(low23, low45, 1, 3), 32);
      v128.store(to, i64x2.shuffle(high01, high23, 0, 2), 48);
      v128.store(to, i64x2.shuffle(high45, high01, 0, 3), 64);
      v128.store(to, i64x2.shuffle(high23, high45, 1, 3), 80);
      to += 96;
    }
  }
  for (; k < inner; k++) {
    let at = from + ((<usize>k) << 2);
    for (let r = 0; r < rows; r++) {
      store<f32>(to, load<f32>(at));
      at += stride;
      to += 4;
    }
  }
}

/** The same of a matrix that lies transposed: to[k·rows + r] = A[k, r], with `stride` bytes from one k to the next. */
export function packTransposedRows(from: usize, stride: usize, to: usize, rows: i32, inner: i32): void {
  if (rows == ROWS) {
    for (let k = 0; k < inner; k++) {
      v128.store(to, v128.load(from));
      store<i64>(to, load<i64>(from, 16), 16);
      from += stride;
      to += 24;
    }
    return;
  }
  for (let k = 0; k < inner; k++) {
    for (let r = 0; r < rows; r++) store<f32>(to + ((<usize>r) << 2), load<f32>(from + ((<usize>r) << 2)));
    from += stride;
    to += (<usize>rows) << 2;
  }
}
