import { transposeFour } from "./pack-rows";
import { COLUMNS } from "./tile";

const STEP: usize = <usize>COLUMNS << 2;

/**
 * Copies `columns` (at most COLUMNS) columns of B, `inner` long, to a panel of COLUMNS that holds them step by step, the missing
 * ones as zeros: to[k·COLUMNS + c] = B[k, c]. B's rows lie `stride` bytes apart.
 */
export function packColumns(from: usize, stride: usize, to: usize, columns: i32, inner: i32): void {
  if (columns == COLUMNS) {
    for (let k = 0; k < inner; k++) {
      for (let at: usize = 0; at < STEP; at += 16) v128.store(to + at, v128.load(from + at));
      from += stride;
      to += STEP;
    }
    return;
  }
  const there = <usize>columns << 2;
  for (let k = 0; k < inner; k++) {
    for (let at: usize = 0; at < STEP; at += 4) store<f32>(to + at, at < there ? load<f32>(from + at) : 0);
    from += stride;
    to += STEP;
  }
}

/** The same of a matrix that lies transposed: to[k·COLUMNS + c] = B[c, k], with `stride` bytes from one c to the next. */
export function packTransposedColumns(from: usize, stride: usize, to: usize, columns: i32, inner: i32): void {
  for (let c = 0; c < COLUMNS; c += 4) {
    const there = columns - c;
    let k = 0;
    if (there >= 4) {
      for (; k + 4 <= inner; k += 4) transposeFour(from + (<usize>k << 2), stride, to + <usize>k * STEP, STEP);
    }
    packOneByOne(from, stride, to, there, k, inner);
    from += stride << 2;
    to += 16;
  }
}

/** Four columns, of which the first `there` are there, from one step on to before another. */
function packOneByOne(from: usize, stride: usize, to: usize, there: i32, first: i32, end: i32): void {
  for (let k = first; k < end; k++) {
    const at = from + (<usize>k << 2), place = to + <usize>k * STEP;
    for (let c = 0; c < 4; c++) store<f32>(place + (<usize>c << 2), c < there ? load<f32>(at + <usize>c * stride) : 0);
  }
}
