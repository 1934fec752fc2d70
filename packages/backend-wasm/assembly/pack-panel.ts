// Panels of attention's right matrices: to[k·width + c], with the columns from `columns` up to `width` (8 or 16) as zeros.

/** A panel of `columns` columns of x [inner, …]: to[k·width + c] = x[k, c]. Rows of x lie `stride` bytes apart. */
export function packColumns(x: usize, stride: usize, to: usize, columns: i32, width: i32, inner: i32): void {
  const step = <usize>width << 2;
  if (columns == width) {
    for (let k = 0; k < inner; k++) {
      for (let c: usize = 0; c < step; c += 32) {
        const low = v128.load(x + c), high = v128.load(x + c, 16);
        v128.store(to + c, low);
        v128.store(to + c, high, 16);
      }
      x += stride;
      to += step;
    }
    return;
  }
  for (let k = 0; k < inner; k++) {
    for (let c = 0; c < width; c++) {
      store<f32>(to + (<usize>c << 2), c < columns ? load<f32>(x + (<usize>c << 2)) : 0);
    }
    x += stride;
    to += step;
  }
}

/** A panel of `columns` rows of x [columns, inner], transposed: to[k·width + c] = x[c, k]. */
export function packTransposedColumns(x: usize, stride: usize, to: usize, columns: i32, width: i32, inner: i32): void {
  const step = <usize>width << 2;
  for (let c = 0; c < width; c += 4) {
    if (columns - c >= 4) packFour(x, stride, to, step, inner);
    else packFew(x, stride, to, step, columns - c, inner);
    x += stride << 2;
    to += 16;
  }
}

/** Four columns, four steps at a time: a 4 × 4 transpose in registers. */
function packFour(x: usize, stride: usize, to: usize, step: usize, inner: i32): void {
  let k = 0;
  for (; k + 4 <= inner; k += 4) {
    const a = v128.load(x), b = v128.load(x + stride), c = v128.load(x + stride * 2), d = v128.load(x + stride * 3);
    const lowAb = i32x4.shuffle(a, b, 0, 4, 1, 5), highAb = i32x4.shuffle(a, b, 2, 6, 3, 7);
    const lowCd = i32x4.shuffle(c, d, 0, 4, 1, 5), highCd = i32x4.shuffle(c, d, 2, 6, 3, 7);
    v128.store(to, i64x2.shuffle(lowAb, lowCd, 0, 2));
    v128.store(to + step, i64x2.shuffle(lowAb, lowCd, 1, 3));
    v128.store(to + step * 2, i64x2.shuffle(highAb, highCd, 0, 2));
    v128.store(to + step * 3, i64x2.shuffle(highAb, highCd, 1, 3));
    x += 16;
    to += step << 2;
  }
  if (k < inner) packFew(x, stride, to, step, 4, inner - k);
}

/** Up to four columns, number by number; those that do not exist become 0. */
function packFew(x: usize, stride: usize, to: usize, step: usize, columns: i32, inner: i32): void {
  for (let k = 0; k < inner; k++) {
    for (let c = 0; c < 4; c++) {
      store<f32>(to + (<usize>c << 2), c < columns ? load<f32>(x + <usize>c * stride) : 0);
    }
    x += 4;
    to += step;
  }
}
