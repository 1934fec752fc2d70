import { packTransposedColumns } from "../pack-columns";
import { COLUMNS } from "../tile";
import { lines, paddedColumns } from "./blocks";
import { fromHeap } from "./heap";
import { STEP } from "./integer-tile";
import { integerPanelBytes, ZERO } from "./linear-integers";
import { paddedSteps, quantizeSixteen, RANGE, readRange, roundingBy, sumOfIntegers, sumsOfBytes } from "./quantize";

// Weights [columns, inner] of the heap in panels of COLUMNS; the columns that a last panel lacks are 0.

/** Weights are whole numbers from −63 to 63, kept as 1 to 127: the seven bits without a sign that WebAssembly's dot products take. */
const LARGEST: f32 = 63;

/** Numbers below this are 0: one over them would overflow. */
const NOTHING: f32 = 1e-36;

/** Bytes of a weight that `packFloats`, or `packHalves` if `half`, has packed. */
export function floatsBytes(half: bool, columns: i32, inner: i32): usize {
  return (<usize>paddedColumns(columns) * inner) << (half ? 1 : 2);
}

/** Bytes of a weight that `packIntegers` has packed. */
export function integersBytes(columns: i32, inner: i32): usize {
  return <usize>(paddedColumns(columns) / COLUMNS) * integerPanelBytes(inner);
}

/** Bytes of scratch that packing a weight needs, in any form. */
export function packScratchBytes(inner: i32): usize {
  return lines(<usize>(2 * COLUMNS * paddedSteps(inner)) << 2) + RANGE;
}

/** Panels of float32: to[k·COLUMNS + c]. */
export function packFloats(weight: usize, columns: i32, inner: i32, to: usize, scratch: usize): void {
  const panel = <usize>(COLUMNS * inner) << 2;
  for (let j = 0; j < columns; j += COLUMNS) {
    copyRows(weight, columns, inner, j, scratch);
    packTransposedColumns(scratch, <usize>inner << 2, to, COLUMNS, inner);
    to += panel;
  }
}

/** Panels of bfloat16, rounded half to even: of each step a row of words, with the first half of the columns in their low halves. */
export function packHalves(weight: usize, columns: i32, inner: i32, to: usize, scratch: usize): void {
  const panel = scratch + (<usize>(COLUMNS * inner) << 2);
  const half: usize = COLUMNS << 1;
  for (let j = 0; j < columns; j += COLUMNS) {
    copyRows(weight, columns, inner, j, scratch);
    packTransposedColumns(scratch, <usize>inner << 2, panel, COLUMNS, inner);
    let from = panel;
    for (let k = 0; k < inner; k++) {
      for (let at: usize = 0; at < half; at += 16) {
        const low = roundToHalf(v128.load(from + at)), high = roundToHalf(v128.load(from + at + half));
        v128.store(to, v128.or(i32x4.shr_u(low, 16), v128.and(high, i32x4.splat(0xffff0000))));
        to += 16;
      }
      from += half << 1;
    }
  }
}

/** Four float32 whose upper halves are the bfloat16 that is nearest; a NaN stays one. */
@inline
function roundToHalf(x: v128): v128 {
  const even = v128.and(i32x4.shr_u(x, 16), i32x4.splat(1));
  const rounded = i32x4.add(i32x4.add(x, i32x4.splat(0x7fff)), even);
  return v128.bitselect(rounded, v128.or(x, i32x4.splat(0x400000)), f32x4.eq(x, x));
}

/** Panels of whole numbers: the columns' scales, the sums of their numbers, scaled, and groups of STEP numbers of each column. */
export function packIntegers(weight: usize, columns: i32, inner: i32, to: usize, scratch: usize): void {
  const steps = paddedSteps(inner), bytes = <usize>inner << 2, all = <usize>steps << 2;
  const range = scratch + all, panel = integerPanelBytes(inner);
  for (let j = 0; j < columns; j++) {
    const column = j % COLUMNS;
    if (column == 0) memory.fill(to, 0, panel);
    fromHeap(scratch, weight + <usize>j * bytes, bytes);
    memory.fill(scratch + bytes, 0, all - bytes);
    readRange(scratch, steps, range);
    const largest = max(-load<f32>(range), load<f32>(range, 32)), isThere = largest > NOTHING;
    const scale: f32 = (isThere ? largest / LARGEST : 0) + load<f32>(range, 64);
    const sum = quantizeColumn(scratch, steps, isThere ? LARGEST / largest : 0, to + (COLUMNS << 3) + <usize>(column * STEP));
    store<f32>(to + (<usize>column << 2), scale);
    store<f32>(to + (<usize>(COLUMNS + column) << 2), scale * <f32>sum);
    if (column == COLUMNS - 1) to += panel;
  }
}

/** Quantises a row of a weight, a column of its panel; the sum of its whole numbers. */
function quantizeColumn(row: usize, steps: i32, inverse: f32, to: usize): i32 {
  const by = f32x4.splat(inverse), offset = f32x4.splat(0), rounding = roundingBy(<f32>ZERO), mask = i32x4.splat(127);
  let sums = i32x4.splat(0);
  for (const end = row + (<usize>steps << 2); row < end; row += 64) {
    const q = quantizeSixteen(row, offset, by, rounding, mask);
    sums = i32x4.add(sums, sumsOfBytes(q));
    v128.store(row, q); // what was here is read
    for (let at: usize = 0; at < 16; at += STEP) {
      if (STEP == 4) store<i32>(to, load<i32>(row + at));
      else store<i16>(to, load<i16>(row + at));
      to += COLUMNS * STEP;
    }
  }
  return sumOfIntegers(sums) - ZERO * steps;
}

/** Copies the rows of a panel, and zeros for those that it lacks. */
function copyRows(weight: usize, columns: i32, inner: i32, first: i32, to: usize): void {
  const bytes = <usize>inner << 2, there = <usize>min(columns - first, COLUMNS) * bytes;
  fromHeap(to, weight + <usize>first * bytes, there);
  memory.fill(to + there, 0, <usize>COLUMNS * bytes - there);
}
