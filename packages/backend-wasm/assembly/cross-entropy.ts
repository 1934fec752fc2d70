import { EXP_CONSTANTS, exp4, writeExpConstants } from "./exp";
import { maxOfLanes, sumOfLanes } from "./lanes";

// Softmax cross entropy row by row. `excluded` is the address of one byte a logit, not 0 for those left out, or 0 for none.

/** Of no weight beside any logit. */
const NOTHING: f32 = -1e30;

/** Four logits; NOTHING where they are excluded. */
@inline
function logits4(logits: usize, excluded: usize, column: usize): v128 {
  const x = v128.load(logits + (column << 2));
  if (excluded == 0) return x;
  const bytes = v128.load32_zero(excluded + column);
  const wide = i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(bytes));
  return v128.bitselect(x, f32x4.splat(NOTHING), i32x4.eq(wide, i32x4.splat(0)));
}

@inline
function logit(logits: usize, excluded: usize, column: usize): f32 {
  return excluded != 0 && load<u8>(excluded + column) != 0 ? NOTHING : load<f32>(logits + (column << 2));
}

/** e^(x − top), exactly 0 for what is excluded, NaN for NaN. */
@inline
function power4(x: v128, top: v128, constants: usize): v128 {
  return v128.andnot(exp4(f32x4.sub(x, top), constants), f32x4.le(x, f32x4.splat(NOTHING)));
}

@inline
function power(x: f32, top: f32, constants: usize): f32 {
  return f32x4.extract_lane(power4(f32x4.splat(x), f32x4.splat(top), constants), 0);
}

function largestLogit(logits: usize, excluded: usize, columns: usize): f32 {
  const whole = columns & ~3;
  let top4 = f32x4.splat(NOTHING);
  for (let j: usize = 0; j < whole; j += 4) top4 = f32x4.pmax(top4, logits4(logits, excluded, j));
  let top = maxOfLanes(top4);
  for (let j = whole; j < columns; j++) top = max(top, logit(logits, excluded, j));
  return top;
}

function sumOfPowers(logits: usize, excluded: usize, columns: usize, top: f32, constants: usize): f32 {
  const whole = columns & ~3;
  const top4 = f32x4.splat(top);
  let sum4 = f32x4.splat(0);
  for (let j: usize = 0; j < whole; j += 4) sum4 = f32x4.add(sum4, power4(logits4(logits, excluded, j), top4, constants));
  let sum = sumOfLanes(sum4);
  for (let j = whole; j < columns; j++) sum += power(logit(logits, excluded, j), top, constants);
  return sum;
}

/**
 * ln x of a float32 x > 0 or NaN, in float64: x = m·2ⁿ with m in √½ … √2, and ln m = 2·artanh((m − 1)/(m + 1)), whose series is at 1e-14 after 8
 * terms. (The standard library's logarithm brings tables, and a side module can have none.)
 */
function logarithm(x: f32): f64 {
  if (x != x) return <f64>x;
  const bits = reinterpret<i32>(x) - 0x3f3504f3; // the bits of √½
  const n = bits >> 23;
  const m = <f64>reinterpret<f32>((bits & 0x7fffff) + 0x3f3504f3);
  const s = (m - 1) / (m + 1), t = s * s;
  let series: f64 = 0;
  for (let k = 15; k > 0; k -= 2) series = series * t + 1 / <f64>k;
  return 2 * s * series + <f64>n * 0.6931471805599453;
}

/** Bytes of scratch that both need. */
export function crossEntropyScratchBytes(): usize {
  return EXP_CONSTANTS;
}

/** loss[row] = ln Σ e^logits − logits[label]. */
export function softmaxCrossEntropy(logits: usize, labels: usize, excluded: usize, loss: usize, rows: i32, columns: i32, scratch: usize): void {
  writeExpConstants(scratch);
  for (let row = 0; row < rows; row++, labels += 4, loss += 4) {
    const top = largestLogit(logits, excluded, columns);
    const sum = sumOfPowers(logits, excluded, columns, top, scratch);
    const label = load<f32>(logits + (<usize>load<i32>(labels) << 2));
    store<f32>(loss, <f32>(logarithm(sum) + (<f64>top - <f64>label)));
    logits += <usize>columns << 2;
    if (excluded) excluded += columns;
  }
}

/** dlogits[row] = dy[row]·(softmax(logits[row]) − one at the label); 0 for what is excluded. */
export function softmaxCrossEntropyGradient(
  dy: usize, logits: usize, labels: usize, excluded: usize, dlogits: usize, rows: i32, columns: i32, scratch: usize,
): void {
  writeExpConstants(scratch);
  const whole = <usize>columns & ~3;
  for (let row = 0; row < rows; row++, labels += 4, dy += 4) {
    const top = largestLogit(logits, excluded, columns), top4 = f32x4.splat(top);
    const upstream = load<f32>(dy);
    const factor: f32 = upstream / sumOfPowers(logits, excluded, columns, top, scratch), factor4 = f32x4.splat(factor);
    for (let j: usize = 0; j < whole; j += 4) {
      v128.store(dlogits + (j << 2), f32x4.mul(power4(logits4(logits, excluded, j), top4, scratch), factor4));
    }
    for (let j = whole; j < <usize>columns; j++) store<f32>(dlogits + (j << 2), power(logit(logits, excluded, j), top, scratch) * factor);
    const own = dlogits + (<usize>load<i32>(labels) << 2);
    store<f32>(own, load<f32>(own) - upstream);
    logits += <usize>columns << 2;
    dlogits += <usize>columns << 2;
    if (excluded) excluded += columns;
  }
}
