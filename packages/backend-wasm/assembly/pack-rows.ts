import { ROWS } from "./tile";

/**
 * Copies `rows` (at most ROWS) rows of A, `inner` long, to a panel that holds them step by step: to[k·rows + r] = A[r, k].
 * A's rows lie `stride` bytes apart.
 */
export function packRows(from: usize, stride: usize, to: usize, rows: i32, inner: i32): void {
  const step = <usize>rows << 2;
  let k = 0;
  if (rows == ROWS) {
    k = packSix(from, stride, to, inner);
  } else if (rows >= 4) {
    for (; k + 4 <= inner; k += 4) transposeFour(from + (<usize>k << 2), stride, to + <usize>k * step, step);
    packOneByOne(from + (stride << 2), stride, to + 16, step, rows - 4, 0, k);
  }
  packOneByOne(from, stride, to, step, rows, k, inner);
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
  const step = <usize>rows << 2;
  for (let k = 0; k < inner; k++) {
    for (let at: usize = 0; at < step; at += 4) store<f32>(to + at, load<f32>(from + at));
    from += stride;
    to += step;
  }
}

/** Six rows, four steps at a time, for as many steps as that goes; the number of steps. */
function packSix(from: usize, stride: usize, to: usize, inner: i32): i32 {
  const r1 = from + stride, r2 = r1 + stride, r3 = r2 + stride, r4 = r3 + stride, r5 = r4 + stride;
  let k = 0;
  for (; k + 4 <= inner; k += 4) {
    const at = <usize>k << 2;
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
  return k;
}

/** A 4 × 4 block, transposed in registers: to[k·step + r] = from[r·stride + k], in bytes and floats. */
@inline
export function transposeFour(from: usize, stride: usize, to: usize, step: usize): void {
  const r1 = from + stride, r2 = r1 + stride, r3 = r2 + stride;
  const a0 = v128.load(from), a1 = v128.load(r1), a2 = v128.load(r2), a3 = v128.load(r3);
  const low01 = i32x4.shuffle(a0, a1, 0, 4, 1, 5), high01 = i32x4.shuffle(a0, a1, 2, 6, 3, 7);
  const low23 = i32x4.shuffle(a2, a3, 0, 4, 1, 5), high23 = i32x4.shuffle(a2, a3, 2, 6, 3, 7);
  v128.store(to, i64x2.shuffle(low01, low23, 0, 2));
  v128.store(to + step, i64x2.shuffle(low01, low23, 1, 3));
  v128.store(to + step * 2, i64x2.shuffle(high01, high23, 0, 2));
  v128.store(to + step * 3, i64x2.shuffle(high01, high23, 1, 3));
}

/** `rows` rows of a panel whose steps lie `step` bytes apart, number by number, from one step on to before another. */
function packOneByOne(from: usize, stride: usize, to: usize, step: usize, rows: i32, first: i32, end: i32): void {
  for (let k = first; k < end; k++) {
    let at = from + (<usize>k << 2);
    const place = to + <usize>k * step;
    for (let r = 0; r < rows; r++) {
      store<f32>(place + (<usize>r << 2), load<f32>(at));
      at += stride;
    }
  }
}
