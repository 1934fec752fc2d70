import { sumOfLanes } from "./lanes";
import { multiplyAdd } from "./multiply-add";

// What two vectors are compared by.
const DOT: i32 = 0;
const SQUARED: i32 = 1;
const ABSOLUTE: i32 = 2;

/** The sum with the terms of four places: a·b, (a − b)² or |a − b|. */
@inline
function plus4(kind: i32, a: v128, b: v128, sum: v128): v128 {
  if (kind == DOT) return multiplyAdd(a, b, sum);
  const difference = f32x4.sub(a, b);
  if (kind == SQUARED) return multiplyAdd(difference, difference, sum);
  return f32x4.add(sum, f32x4.abs(difference));
}

/** The same of one place. */
@inline
function plus1(kind: i32, a: f32, b: f32, sum: f32): f32 {
  if (kind == DOT) return sum + a * b;
  const difference = a - b;
  return sum + (kind == SQUARED ? difference * difference : abs(difference));
}

/** Each row's score with one query. A row is read from its first byte to its last, as a plain sum reads. */
@inline
function oneQuery(kind: i32, query: usize, rows: usize, count: i32, bytes: usize, scores: usize): void {
  const whole = bytes & ~63, quads = bytes & ~15;
  for (const end = rows + <usize>count * bytes; rows < end; rows += bytes) {
    let s0 = f32x4.splat(0), s1 = f32x4.splat(0), s2 = f32x4.splat(0), s3 = f32x4.splat(0);
    let at: usize = 0;
    for (; at < whole; at += 64) {
      s0 = plus4(kind, v128.load(query + at), v128.load(rows + at), s0);
      s1 = plus4(kind, v128.load(query + at, 16), v128.load(rows + at, 16), s1);
      s2 = plus4(kind, v128.load(query + at, 32), v128.load(rows + at, 32), s2);
      s3 = plus4(kind, v128.load(query + at, 48), v128.load(rows + at, 48), s3);
    }
    for (; at < quads; at += 16) s0 = plus4(kind, v128.load(query + at), v128.load(rows + at), s0);
    let sum = sumOfLanes(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)));
    for (; at < bytes; at += 4) sum = plus1(kind, load<f32>(query + at), load<f32>(rows + at), sum);
    store<f32>(scores, kind == DOT ? sum : -sum);
    scores += 4;
  }
}

/** The last numbers of a pair's rows added to the sum of its lanes. */
@inline
function rest(kind: i32, sums: v128, query: usize, row: usize, at: usize, bytes: usize): f32 {
  let sum = sumOfLanes(sums);
  for (; at < bytes; at += 4) sum = plus1(kind, load<f32>(query + at), load<f32>(row + at), sum);
  return kind == DOT ? sum : -sum;
}

/** Two rows' scores with four queries: six loads for eight steps, each with a sum of its own. */
@inline
function fourQueries(kind: i32, query: usize, row: usize, bytes: usize, scores: usize, stride: usize): void {
  const quads = bytes & ~15;
  const query1 = query + bytes, query2 = query1 + bytes, query3 = query2 + bytes, other = row + bytes;
  let s0 = f32x4.splat(0), s1 = f32x4.splat(0), s2 = f32x4.splat(0), s3 = f32x4.splat(0);
  let t0 = f32x4.splat(0), t1 = f32x4.splat(0), t2 = f32x4.splat(0), t3 = f32x4.splat(0);
  for (let at: usize = 0; at < quads; at += 16) {
    const a = v128.load(row + at), b = v128.load(other + at);
    let q = v128.load(query + at);
    s0 = plus4(kind, q, a, s0);
    t0 = plus4(kind, q, b, t0);
    q = v128.load(query1 + at);
    s1 = plus4(kind, q, a, s1);
    t1 = plus4(kind, q, b, t1);
    q = v128.load(query2 + at);
    s2 = plus4(kind, q, a, s2);
    t2 = plus4(kind, q, b, t2);
    q = v128.load(query3 + at);
    s3 = plus4(kind, q, a, s3);
    t3 = plus4(kind, q, b, t3);
  }
  store<f32>(scores, rest(kind, s0, query, row, quads, bytes));
  store<f32>(scores, rest(kind, t0, query, other, quads, bytes), 4);
  store<f32>(scores + stride, rest(kind, s1, query1, row, quads, bytes));
  store<f32>(scores + stride, rest(kind, t1, query1, other, quads, bytes), 4);
  store<f32>(scores + 2 * stride, rest(kind, s2, query2, row, quads, bytes));
  store<f32>(scores + 2 * stride, rest(kind, t2, query2, other, quads, bytes), 4);
  store<f32>(scores + 3 * stride, rest(kind, s3, query3, row, quads, bytes));
  store<f32>(scores + 3 * stride, rest(kind, t3, query3, other, quads, bytes), 4);
}

@inline
function allQueries(kind: i32, queries: usize, queryCount: i32, rows: usize, count: i32, bytes: usize, scores: usize): void {
  const stride = <usize>count << 2, paired = count & ~1;
  let i = 0;
  for (; i + 4 <= queryCount; i += 4) {
    const query = queries + <usize>i * bytes, to = scores + <usize>i * stride;
    for (let j = 0; j < paired; j += 2) fourQueries(kind, query, rows + <usize>j * bytes, bytes, to + (<usize>j << 2), stride);
    if (paired == count) continue;
    const last = rows + <usize>paired * bytes, at = to + (<usize>paired << 2);
    for (let k: usize = 0; k < 4; k++) oneQuery(kind, query + k * bytes, last, 1, bytes, at + k * stride);
  }
  for (; i < queryCount; i++) oneQuery(kind, queries + <usize>i * bytes, rows, count, bytes, scores + <usize>i * stride);
}

/**
 * scores[query, row] of `queryCount` queries and `count` rows, both of `dimension` numbers; the larger the more alike. By `kind`
 *
 * - 0: Σ a·b
 * - 1: −Σ (a − b)²
 * - 2: −Σ |a − b|
 *
 * No sum has more than dimension/4 + 7 roundings of float32 in a row.
 */
export function scoreRows(kind: i32, queries: usize, queryCount: i32, rows: usize, count: i32, dimension: i32, scores: usize): void {
  const bytes = <usize>dimension << 2;
  if (kind == DOT) allQueries(DOT, queries, queryCount, rows, count, bytes, scores);
  else if (kind == SQUARED) allQueries(SQUARED, queries, queryCount, rows, count, bytes, scores);
  else allQueries(ABSOLUTE, queries, queryCount, rows, count, bytes, scores);
}
