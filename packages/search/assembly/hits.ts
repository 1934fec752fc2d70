/** Whether scores are below the least, and numbers: all bits of a lane, or none. */
@inline
function isBelow(scores: usize, least: v128, lowest: v128): v128 {
  const x = v128.load(scores);
  return v128.and(f32x4.lt(x, least), f32x4.ge(x, lowest));
}

/**
 * Writes to `to` the places of those of `count` scores that are at least `least`, and of those that are NaN or infinite; returned is how many.
 */
export function hits(scores: usize, count: i32, least: f32, to: usize): i32 {
  const least4 = f32x4.splat(least), lowest4 = f32x4.splat(-f32.MAX_VALUE);
  const first = to, whole = count & ~15;
  let i = 0;
  for (; i < whole; i += 16) {
    const at = scores + (<usize>i << 2);
    const x0 = isBelow(at, least4, lowest4), x1 = isBelow(at + 16, least4, lowest4);
    const x2 = isBelow(at + 32, least4, lowest4), x3 = isBelow(at + 48, least4, lowest4);
    if (i32x4.all_true(v128.and(v128.and(x0, x1), v128.and(x2, x3)))) continue;
    let passed = ~(i32x4.bitmask(x0) | (i32x4.bitmask(x1) << 4) | (i32x4.bitmask(x2) << 8) | (i32x4.bitmask(x3) << 12)) & 0xffff;
    for (; passed != 0; passed &= passed - 1) {
      store<i32>(to, i + ctz(passed));
      to += 4;
    }
  }
  for (; i < count; i++) {
    const x = load<f32>(scores + (<usize>i << 2));
    if (x < least && x >= -f32.MAX_VALUE) continue;
    store<i32>(to, i);
    to += 4;
  }
  return <i32>((to - first) >> 2);
}
