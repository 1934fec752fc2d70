/** sums[column] = Σ x[row, column], over rows of `columns` numbers that follow each other. */
export function columnSums(x: usize, rows: i32, columns: i32, sums: usize): void {
  const stride = <usize>columns << 2;
  memory.fill(sums, 0, stride);
  let row = 0;
  // Four rows at a time, so that the sums are read and written a quarter as often.
  for (; row + 4 <= rows; row += 4) {
    addFourRows(x, stride, sums);
    x += stride << 2;
  }
  for (; row < rows; row++) {
    for (let at: usize = 0; at < stride; at += 4) store<f32>(sums + at, load<f32>(sums + at) + load<f32>(x + at));
    x += stride;
  }
}

/** sums += the four rows at x, of `stride` bytes each. */
function addFourRows(x: usize, stride: usize, sums: usize): void {
  const x1 = x + stride, x2 = x1 + stride, x3 = x2 + stride;
  const whole = stride & ~31;
  for (let at: usize = 0; at < whole; at += 32) {
    const a0 = f32x4.add(v128.load(x + at), v128.load(x1 + at)), a1 = f32x4.add(v128.load(x + at, 16), v128.load(x1 + at, 16));
    const b0 = f32x4.add(v128.load(x2 + at), v128.load(x3 + at)), b1 = f32x4.add(v128.load(x2 + at, 16), v128.load(x3 + at, 16));
    const s0 = f32x4.add(v128.load(sums + at), f32x4.add(a0, b0)), s1 = f32x4.add(v128.load(sums + at, 16), f32x4.add(a1, b1));
    v128.store(sums + at, s0);
    v128.store(sums + at, s1, 16);
  }
  for (let at = whole; at < stride; at += 4) {
    const four = load<f32>(x + at) + load<f32>(x1 + at) + (load<f32>(x2 + at) + load<f32>(x3 + at));
    store<f32>(sums + at, load<f32>(sums + at) + four);
  }
}
