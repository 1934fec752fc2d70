/** The sum of four lanes. */
@inline
export function sumOfLanes(x: v128): f32 {
  const half = f32x4.add(x, i64x2.shuffle(x, x, 1, 0));
  return f32x4.extract_lane(half, 0) + f32x4.extract_lane(half, 1);
}

/** The largest of four lanes. */
@inline
export function maxOfLanes(x: v128): f32 {
  const half = f32x4.pmax(x, i64x2.shuffle(x, x, 1, 0));
  return max(f32x4.extract_lane(half, 0), f32x4.extract_lane(half, 1));
}
