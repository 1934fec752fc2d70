import { EXP_CONSTANTS, writeExpConstants } from "./exp";
import { packMatrix, packTranspose, packedBytes, paddedColumns, product, EDGE } from "./small-product";
import { addDiagonals } from "./diagonal-sums";
import { dropWeights, dropWeightsAndGradients, softmaxGradientRow, softmaxRow } from "./attention-rows";

// Attention sentence by sentence and head by head. The scores of at most BLOCK queries exist at a time, so whatever the batch, they stay
// in the first two caches. `spans` holds three numbers a sentence: first row, length, global number (for dropout's counter).

/** Queries whose scores exist at a time. */
const BLOCK: i32 = 48;

/** Floats of zero to the left and to the right of each row of scores, over which sums along diagonals may read. */
const MARGIN: i32 = 4;

@inline
function scoreBytes(length: i32): usize {
  return (<usize>BLOCK * <usize>(paddedColumns(length) + 2 * MARGIN)) << 2;
}

/** A head's biases, or their gradients, at the distances of one sentence, and room to read on. */
@inline
function windowBytes(length: i32): usize {
  return (2 * <usize>length + 16) << 2;
}

/** Bytes of scratch that {@link attention} needs when no sentence is longer than `length`; `size` is hidden/heads. */
export function attentionScratchBytes(length: i32, size: i32): usize {
  return packedBytes(size, length) + packedBytes(length, size) + scoreBytes(length) + windowBytes(length) + (EDGE << 2) + EXP_CONSTANTS;
}

/** Bytes of scratch that {@link attentionGradient} needs. */
export function attentionGradientScratchBytes(length: i32, size: i32): usize {
  const packed = 2 * packedBytes(size, length) + packedBytes(length, size) + 2 * packedBytes(BLOCK, size);
  return packed + 3 * scoreBytes(length) + 2 * windowBytes(length) + (EDGE << 2) + EXP_CONSTANTS;
}

/** Copies a head's biases at distances −(length − 1) … length − 1, and zeros after them. */
function copyWindow(bias: usize, middle: i32, length: i32, to: usize): void {
  memory.copy(to, bias + (<usize>(middle - length + 1) << 2), (2 * <usize>length - 1) << 2);
  memory.fill(to + ((2 * <usize>length - 1) << 2), 0, 17 << 2);
}

/**
 * y[i] = Σⱼ softmaxⱼ(q[i]·k[j]·scale + bias[head, j − i + middle])·v[j] of every sentence and head, with dropout where `kept` (the
 * factor 1/(1 − rate) of weights that are kept) is not 0. Rows that are in no sentence are not written.
 */
export function attention(
  q: usize, k: usize, v: usize, bias: usize, y: usize, spans: usize, sentences: i32, hidden: i32, heads: i32, distances: i32,
  kept: f32, threshold: i32, key0: i32, key1: i32, scratch: usize,
): void {
  const size = hidden / heads;
  const stride = <usize>hidden << 2;
  const scale: f32 = <f32>(1.0 / Math.sqrt(<f64>size));
  const middle = (distances - 1) >> 1;
  writeExpConstants(scratch);
  for (let s = 0; s < sentences; s++, spans += 12) {
    const length = load<i32>(spans, 4);
    if (length == 0) continue;
    const first = <usize>load<i32>(spans) * stride;
    const padded = paddedColumns(length);
    const step = <usize>(padded + 2 * MARGIN) << 2;
    const keys = scratch + EXP_CONSTANTS;
    const values = keys + packedBytes(size, length);
    const window = values + packedBytes(length, size);
    const edge = window + windowBytes(length);
    const scores = edge + (EDGE << 2) + (MARGIN << 2);
    for (let head = 0; head < heads; head++) {
      const at = first + (<usize>(head * size) << 2);
      packTranspose(k + at, stride, size, length, keys);
      packMatrix(v + at, stride, length, size, values);
      copyWindow(bias + (<usize>(head * distances) << 2), middle, length, window);
      for (let i = 0; i < length; i += BLOCK) {
        const queries = min(BLOCK, length - i);
        const block = at + <usize>i * stride;
        product(queries, padded, size, q + block, stride, 4, keys, scores, step, false, edge);
        for (let r = 0; r < queries; r++) {
          const row = scores + <usize>r * step;
          softmaxRow(row, window + (<usize>(length - 1 - i - r) << 2), length, scale, scratch);
          if (kept != 0) dropWeights(row, padded, kept, threshold, key0, key1, load<i32>(spans, 8), (head << 26) + ((i + r) << 13));
        }
        product(queries, size, length, scores, step, 4, values, y + block, stride, false, edge);
      }
    }
  }
}

/**
 * The gradients of {@link attention}, from dy and its inputs: the weights P are computed again, and their mask D drawn again.
 *
 * With W = P∘D: dv = Wᵀ·dy, dP = (dy·vᵀ)∘D, dS = P∘(dP − Σ_key dP∘P), dq = scale·dS·k, dk = scale·dSᵀ·q; dbias sums dS by distance.
 */
export function attentionGradient(
  dy: usize, q: usize, k: usize, v: usize, bias: usize, dq: usize, dk: usize, dv: usize, dbias: usize,
  spans: usize, sentences: i32, hidden: i32, heads: i32, distances: i32,
  kept: f32, threshold: i32, key0: i32, key1: i32, scratch: usize,
): void {
  const size = hidden / heads;
  const stride = <usize>hidden << 2;
  const scale: f32 = <f32>(1.0 / Math.sqrt(<f64>size));
  const middle = (distances - 1) >> 1;
  writeExpConstants(scratch);
  memory.fill(dbias, 0, <usize>(heads * distances) << 2);
  for (let s = 0; s < sentences; s++, spans += 12) {
    const length = load<i32>(spans, 4);
    if (length == 0) continue;
    const first = <usize>load<i32>(spans) * stride;
    const padded = paddedColumns(length);
    const step = <usize>(padded + 2 * MARGIN) << 2;
    const keyColumns = scratch + EXP_CONSTANTS;
    const valueColumns = keyColumns + packedBytes(size, length);
    const keyRows = valueColumns + packedBytes(size, length);
    const queryRows = keyRows + packedBytes(length, size);
    const dyRows = queryRows + packedBytes(BLOCK, size);
    const window = dyRows + packedBytes(BLOCK, size);
    const dwindow = window + windowBytes(length);
    const edge = dwindow + windowBytes(length);
    const weights = edge + (EDGE << 2) + (MARGIN << 2);
    const dscores = weights + scoreBytes(length);
    const dropped = kept != 0 ? dscores + scoreBytes(length) : weights;
    clearMargins(dscores, step, padded);
    for (let head = 0; head < heads; head++) {
      const at = first + (<usize>(head * size) << 2);
      packTranspose(k + at, stride, size, length, keyColumns);
      packTranspose(v + at, stride, size, length, valueColumns);
      packMatrix(k + at, stride, length, size, keyRows);
      copyWindow(bias + (<usize>(head * distances) << 2), middle, length, window);
      memory.fill(dwindow, 0, windowBytes(length));
      for (let i = 0; i < length; i += BLOCK) {
        const queries = min(BLOCK, length - i);
        const block = at + <usize>i * stride;
        packMatrix(q + block, stride, queries, size, queryRows);
        packMatrix(dy + block, stride, queries, size, dyRows);
        product(queries, padded, size, q + block, stride, 4, keyColumns, weights, step, false, edge);
        product(queries, padded, size, dy + block, stride, 4, valueColumns, dscores, step, false, edge);
        for (let r = 0; r < queries; r++) {
          const row = <usize>r * step;
          softmaxRow(weights + row, window + (<usize>(length - 1 - i - r) << 2), length, scale, scratch);
          if (kept != 0) {
            const counter = (head << 26) + ((i + r) << 13);
            dropWeightsAndGradients(weights + row, dscores + row, dropped + row, padded, kept, threshold, key0, key1, load<i32>(spans, 8), counter);
          }
          softmaxGradientRow(weights + row, dscores + row, padded, scale);
        }
        product(length, size, queries, dropped, 4, step, dyRows, dv + at, stride, i > 0, edge);
        product(queries, size, length, dscores, step, 4, keyRows, dq + block, stride, false, edge);
        product(length, size, queries, dscores, 4, step, queryRows, dk + at, stride, i > 0, edge);
        addDiagonals(dscores, step, queries, i, length, dwindow + 16);
      }
      const to = dbias + (<usize>(head * distances + middle - length + 1) << 2);
      // dscores hold the factor that dq and dk need.
      for (let d: usize = 0; d < (2 * <usize>length - 1) << 2; d += 4) {
        store<f32>(to + d, load<f32>(to + d) + load<f32>(dwindow + d, 16) / scale);
      }
    }
  }
}

/** Zeros to both sides of every row of scores. Products write between them. */
function clearMargins(scores: usize, step: usize, padded: i32): void {
  for (let r = 0; r < BLOCK; r++) {
    v128.store(scores - 16, i32x4.splat(0));
    v128.store(scores + (<usize>padded << 2), i32x4.splat(0));
    scores += step;
  }
}
