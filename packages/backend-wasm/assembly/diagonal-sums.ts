/**
 * Adds the sums of a block of scores along its diagonals: to[j − (i + r) + length − 1] += scores[r, j], for rows r (queries i + r) and
 * keys j. Four distances at a time, each row's part read one place further right, so no sum waits for a store.
 *
 * Rows are `step` bytes apart, with at least 3 zeros on both sides.
 */
export function addDiagonals(scores: usize, step: usize, rows: i32, i: i32, length: i32, to: usize): void {
  for (let distance = 1 - i - rows; distance <= length - 1 - i; distance += 4) {
    const low = max(0, -distance - 3 - i);
    const high = min(rows - 1, length - 1 - distance - i);
    let from = scores + <usize>low * step + (<usize>(distance + i + low) << 2);
    let sum = f32x4.splat(0);
    for (let r = low; r <= high; r++) {
      sum = f32x4.add(sum, v128.load(from));
      from += step + 4;
    }
    const at = to + (<usize>(distance + length - 1) << 2);
    v128.store(at, f32x4.add(v128.load(at), sum));
  }
}
