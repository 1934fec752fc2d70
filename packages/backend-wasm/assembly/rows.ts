import { multiplyAdd } from "./multiply-add";

// Rows looked up, added up and spread. A row is `hidden` numbers.

/** to += from·factor, a row. */
@inline
export function addRow(from: usize, factor: f32, to: usize, hidden: i32): void {
  const bytes = <usize>hidden << 2, whole = bytes & ~31;
  const by = f32x4.splat(factor);
  for (let at: usize = 0; at < whole; at += 32) {
    const x0 = multiplyAdd(v128.load(from + at), by, v128.load(to + at));
    const x1 = multiplyAdd(v128.load(from + at, 16), by, v128.load(to + at, 16));
    v128.store(to + at, x0);
    v128.store(to + at, x1, 16);
  }
  for (let at = whole; at < bytes; at += 4) store<f32>(to + at, load<f32>(to + at) + load<f32>(from + at) * factor);
}

/** y[i] = table[ids[i]] for `count` rows. */
export function gatherRows(table: usize, ids: usize, y: usize, count: i32, hidden: i32): void {
  const bytes = <usize>hidden << 2;
  for (let i = 0; i < count; i++, ids += 4, y += bytes) memory.copy(y, table + <usize>load<i32>(ids) * bytes, bytes);
}

/** table[ids[i]] += dy[i] for `count` rows, over a table of `rows` rows that begins as zeros; rows of id `skipped` are left out. */
export function scatterRows(dy: usize, ids: usize, table: usize, count: i32, hidden: i32, rows: i32, skipped: i32): void {
  const bytes = <usize>hidden << 2;
  memory.fill(table, 0, <usize>rows * bytes);
  for (let i = 0; i < count; i++, ids += 4, dy += bytes) {
    const id = load<i32>(ids);
    if (id != skipped) addRow(dy, 1, table + <usize>id * bytes, hidden);
  }
}

/** y[head, d] = table[buckets[d], head]. */
export function positionBias(table: usize, buckets: usize, y: usize, distances: i32, heads: i32): void {
  for (let d = 0; d < distances; d++) {
    const row = table + (<usize>(load<i32>(buckets + (<usize>d << 2)) * heads) << 2);
    for (let head = 0; head < heads; head++) {
      store<f32>(y + (<usize>(head * distances + d) << 2), load<f32>(row + (<usize>head << 2)));
    }
  }
}

/** dtable[bucket, head] = Σ dy[head, d] over the distances d in the bucket. */
export function positionBiasGradient(dy: usize, buckets: usize, dtable: usize, distances: i32, heads: i32, rows: i32): void {
  memory.fill(dtable, 0, <usize>(rows * heads) << 2);
  for (let d = 0; d < distances; d++) {
    const row = dtable + (<usize>(load<i32>(buckets + (<usize>d << 2)) * heads) << 2);
    for (let head = 0; head < heads; head++) {
      const at = row + (<usize>head << 2);
      store<f32>(at, load<f32>(at) + load<f32>(dy + (<usize>(head * distances + d) << 2)));
    }
  }
}
