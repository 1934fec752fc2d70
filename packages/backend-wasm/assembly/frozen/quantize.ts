/** Steps are quantised by as many as fill a vector of bytes; what is beyond a row's end is multiplied by weights that are 0. */
@inline
export function paddedSteps(inner: i32): i32 {
  return (inner + 15) & ~15;
}

/** Bytes of what {@link readRange} writes. */
export const RANGE: usize = 96;

/**
 * The range of `count` numbers, a multiple of 8: writes the least of them, the largest, and 0, each at the distance of 32 bytes. The
 * last is NaN instead if any number is no finite one.
 */
export function readRange(row: usize, count: i32, range: usize): void {
  let low0 = v128.load(row), low1 = v128.load(row, 16), high0 = low0, high1 = low1;
  const zero = f32x4.splat(0);
  let odd0 = zero, odd1 = zero;
  for (const end = row + (<usize>count << 2); row < end; row += 32) {
    const x0 = v128.load(row), x1 = v128.load(row, 16);
    low0 = f32x4.pmin(low0, x0), low1 = f32x4.pmin(low1, x1);
    high0 = f32x4.pmax(high0, x0), high1 = f32x4.pmax(high1, x1);
    odd0 = f32x4.add(odd0, f32x4.mul(x0, zero)), odd1 = f32x4.add(odd1, f32x4.mul(x1, zero));
  }
  v128.store(range, low0), v128.store(range, low1, 16);
  v128.store(range, high0, 32), v128.store(range, high1, 48);
  v128.store(range, odd0, 64), v128.store(range, odd1, 80);
  let low = v128.load(range), high = v128.load(range, 32), odd = v128.load(range, 64);
  low = f32x4.pmin(low, v128.load(range, 16)), high = f32x4.pmax(high, v128.load(range, 48));
  odd = f32x4.add(odd, v128.load(range, 80));
  low = f32x4.pmin(low, i64x2.shuffle(low, low, 1, 0)), high = f32x4.pmax(high, i64x2.shuffle(high, high, 1, 0));
  store<f32>(range, min(f32x4.extract_lane(low, 0), f32x4.extract_lane(low, 1)));
  store<f32>(range, max(f32x4.extract_lane(high, 0), f32x4.extract_lane(high, 1)), 32);
  odd = f32x4.add(odd, i64x2.shuffle(odd, odd, 1, 0));
  store<f32>(range, f32x4.extract_lane(odd, 0) + f32x4.extract_lane(odd, 1), 64);
}

/** 1.5·2²³: a float32 between 2²³ and 2²⁴ ends with its whole number, so adding this rounds, half to even, and shows the lowest bits. */
const ROUNDING: f32 = 12582912;

/** What is added to (x − offset)·inverse so that the lowest bits are those of the nearest whole number plus `shift`. */
@inline
export function roundingBy(shift: f32): v128 {
  return f32x4.splat(ROUNDING + shift);
}

/** The lowest bits of the whole numbers nearest to (x − offset)·inverse, shifted, of four numbers, in 32 bits each; `mask` says which bits. */
@inline
function quantizeFour(x: v128, offset: v128, inverse: v128, rounding: v128, mask: v128): v128 {
  return v128.and(f32x4.add(f32x4.mul(f32x4.sub(x, offset), inverse), rounding), mask);
}

/** The same of sixteen numbers from an address on, in bytes. */
@inline
export function quantizeSixteen(row: usize, offset: v128, inverse: v128, rounding: v128, mask: v128): v128 {
  const q0 = quantizeFour(v128.load(row), offset, inverse, rounding, mask);
  const q1 = quantizeFour(v128.load(row, 16), offset, inverse, rounding, mask);
  const q2 = quantizeFour(v128.load(row, 32), offset, inverse, rounding, mask);
  const q3 = quantizeFour(v128.load(row, 48), offset, inverse, rounding, mask);
  return i8x16.narrow_i16x8_u(i16x8.narrow_i32x4_s(q0, q1), i16x8.narrow_i32x4_s(q2, q3));
}

/** The sums of a vector's sixteen signed bytes, four by four. */
@inline
export function sumsOfBytes(bytes: v128): v128 {
  return i32x4.extadd_pairwise_i16x8_s(i16x8.extadd_pairwise_i8x16_s(bytes));
}

/** The sum of four lanes of whole numbers. */
@inline
export function sumOfIntegers(x: v128): i32 {
  return i32x4.extract_lane(x, 0) + i32x4.extract_lane(x, 1) + i32x4.extract_lane(x, 2) + i32x4.extract_lane(x, 3);
}
