/** scores[row] = −(the number of bits in which the row differs from the query), of `count` rows of `bytes` bytes, at most 65,535. */
export function scoreBits(query: usize, rows: usize, count: i32, bytes: i32, scores: usize): void {
  const length = <usize>bytes, whole = length & ~15;
  for (const end = rows + <usize>count * length; rows < end; rows += length) {
    let counts = i16x8.splat(0);
    let at: usize = 0;
    for (; at < whole; at += 16) {
      const different = v128.xor(v128.load(query + at), v128.load(rows + at));
      counts = i16x8.add(counts, i16x8.extadd_pairwise_i8x16_u(i8x16.popcnt(different)));
    }
    const four = i32x4.extadd_pairwise_i16x8_u(counts);
    const half = i32x4.add(four, i64x2.shuffle(four, four, 1, 0));
    let sum = i32x4.extract_lane(half, 0) + i32x4.extract_lane(half, 1);
    for (; at < length; at++) sum += popcnt<i32>(<i32>(load<u8>(query + at) ^ load<u8>(rows + at)));
    store<f32>(scores, <f32>-sum);
    scores += 4;
  }
}
