/** The sum of four lanes. */
@inline
function sumOfIntegers(x: v128): i32 {
  const half = i32x4.add(x, i64x2.shuffle(x, x, 1, 0));
  return i32x4.extract_lane(half, 0) + i32x4.extract_lane(half, 1);
}

/**
 * scores[row] = offset + scale·Σ weights[i]·codes[row, i], of `count` rows of `dimension` signed bytes and weights of 16 bits. The sum is
 * exact: whoever chooses weights sees to it that Σ |weights|·128 is below 2³¹.
 */
export function scoreCodes(weights: usize, codes: usize, count: i32, dimension: i32, scale: f32, offset: f32, scores: usize): void {
  const bytes = <usize>dimension, whole = bytes & ~15;
  for (const end = codes + <usize>count * bytes; codes < end; codes += bytes) {
    let s0 = i32x4.splat(0), s1 = i32x4.splat(0);
    let at: usize = 0;
    for (; at < whole; at += 16) {
      const x = v128.load(codes + at), w = weights + (at << 1);
      s0 = i32x4.add(s0, i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_s(x), v128.load(w)));
      s1 = i32x4.add(s1, i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_s(x), v128.load(w, 16)));
    }
    let sum = sumOfIntegers(i32x4.add(s0, s1));
    for (; at < bytes; at++) sum += <i32>load<i8>(codes + at) * <i32>load<i16>(weights + (at << 1));
    store<f32>(scores, offset + scale * <f32>sum);
    scores += 4;
  }
}
