import { COLUMNS } from "./tile";

/**
 * Copies `columns` (at most COLUMNS) columns of B, `inner` long, to a panel of COLUMNS that holds them step by step, the missing
 * ones as zeros: to[k·COLUMNS + c] = B[k, c]. B's rows lie `stride` bytes apart.
 */
export function packColumns(from: usize, stride: usize, to: usize, columns: i32, inner: i32): void {
  if (columns == COLUMNS) {
    for (let k = 0; k < inner; k++) {
      for (let c: usize = 0; c < (<usize>COLUMNS) << 2; c += 16) v128.store(to + c, v128.load(from + c));
      from += stride;
      to += (<usize>COLUMNS) << 2;
    }
    return;
  }
  for (let k = 0; k < inner; k++) {
    for (let c = 0; c < COLUMNS; c++) {
      store<f32>(to, c < columns ? load<f32>(from + ((<usize>c) << 2)) : 0);
      to += 4;
    }
    from += stride;
  }
}

/** The same of a matrix that lies transposed: to[k·COLUMNS + c] = B[c, k], with `stride` bytes from one c to the next. */
export function packTransposedColumns(from: usize, stride: usize, to: usize, columns: i32, inner: i32): void {
  const step: usize = (<usize>COLUMNS) << 2;
  for (let c = 0; c < COLUMNS; c += 4) {
    const left = columns - c;
    if (left >= 4) packFour(from, stride, to, inner);
    else packFew(from, stride, to, left, inner);
    from += stride << 2;
    to += 16;
  }
}

/** Four columns, four steps at a time: a 4 × 4 transpose in registers. */
@inline
function packFour(from: usize, stride: usize, to: usize, inner: i32): void {
  const step: usize = (<usize>COLUMNS) << 2;
  const c1 = from + stride, c2 = c1 + stride, c3 = c2 + stride;
  let k = 0;
  for (; k + 4 <= inner; k += 4) {
    const at = (<usize>k) << 2;
    const b0 = v128.load(from + at), b1 = v128.load(c1 + at), b2 = v128.load(c2 + at), b3 = v128.load(c3 + at);
    const low01 = i32x4.shuffle(b0, b1, 0, 4, 1, 5), high01 = i32x4.shuffle(b0, b1, 2, 6, 3, 7);
    const low23 = i32x4.shuffle(b2, b3, 0, 4, 1, 5), high23 = i32x4.shuffle(b2, b3, 2, 6, 3, 7);
    v128.store(to, i64x2.shuffle(low01, low23, 0, 2));
    v128.store(to + step, i64x2.shuffle(low01, low23, 1, 3));
    v128.store(to + step * 2, i64x2.shuffle(high01, high23, 0, 2));
    v128.store(to + step * 3, i64x2.shuffle(high01, high23, 1, 3));
    to += step << 2;
  }
  for (; k < inner; k++) {
    const at = (<usize>k) << 2;
    store<f32>(to, load<f32>(from + at));
    store<f32>(to, load<f32>(c1 + at), 4);
    store<f32>(to, load<f32>(c2 + at), 8);
    store<f32>(to, load<f32>(c3 + at), 12);
    to += step;
  }
}

/** The last group of four, of which `columns` (none to three) are there. */
function packFew(from: usize, stride: usize, to: usize, columns: i32, inner: i32): void {
  for (let k = 0; k < inner; k++) {
    const at = from + ((<usize>k) << 2);
    store<f32>(to, columns > 0 ? load<f32>(at) : 0);
    store<f32>(to, columns > 1 ? load<f32>(at + stride) : 0, 4);
    store<f32>(to, columns > 2 ? load<f32>(at + stride * 2) : 0, 8);
    store<f32>(to, 0, 12);
    to += (<usize>COLUMNS) << 2;
  }
}
