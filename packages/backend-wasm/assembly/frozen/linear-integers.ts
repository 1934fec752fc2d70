import { GELU_CONSTANTS, writeGeluConstants } from "../erf";
import { gelu } from "../gelu";
import { copyBias, copyStage, heightOfNext, lines, paddedColumns, rowsOfBlock, rowsOfHighestBlock, stageBytes, STRETCH } from "./blocks";
import { fromHeap } from "./heap";
import { COLUMNS, multiplyIntegerTile, rowsOfTile, SCALES, STEP } from "./integer-tile";
import { paddedSteps, quantizeSixteen, RANGE, readRange, roundingBy, sumOfIntegers, sumsOfBytes } from "./quantize";

/** Activations are whole numbers of 8 bits and a sign: so many steps above the least. */
const STEPS: f32 = 255;
const LEAST: i32 = -128;

/** What a packed weight of 0 is. */
export const ZERO: i32 = 64;

/** Ranges below this are none: one over it would overflow. */
const NO_RANGE: f32 = 1e-36;

/** Bytes of a packed activation: two where products are of 16 bits. */
const WIDTH: i32 = STEP == 4 ? 1 : 2;

/** Bytes of scratch that `linearIntegers` needs, for any rows up to these. */
export function integersScratchBytes(rows: i32, inner: i32, columns: i32): usize {
  const height = rowsOfHighestBlock(rows, i32.MAX_VALUE), steps = paddedSteps(inner);
  const block = lines(<usize>(height * steps * WIDTH)), row = <usize>steps << 2, scales = lines(<usize>(height * SCALES));
  return block + row + scales + RANGE + 32 + stageBytes(height, columns) + lines(<usize>paddedColumns(columns) << 2) + lines(GELU_CONSTANTS);
}

/**
 * y ≈ x·weightᵀ + bias, or gelu(x)·weightᵀ + bias if `activated`, by a weight [columns, inner] that `packIntegers` has packed. x [rows,
 * inner], bias (or 0) and y [rows, columns] lie in the heap.
 *
 * A row of x is x ≈ scale·a + middle with whole numbers a from −128 to 127, a row of the weight ≈ scale·w with whole numbers w from −63 to 63:
 * y = scale_w·(scale·Σ a·w + middle·Σ w) + bias, of which the sums are exact. `instruction` is what they are made of (`integer-tile.ts`): the same
 * numbers by each. A row that holds a number which is not finite becomes a row of NaN.
 */
export function linearIntegers(
  instruction: i32, x: usize, rows: i32, inner: i32, packed: usize, columns: i32, bias: usize, y: usize, activated: bool, scratch: usize,
): void {
  const height = rowsOfBlock(rows, i32.MAX_VALUE), steps = paddedSteps(inner);
  const block = scratch;
  const row = block + lines(<usize>(height * steps * WIDTH));
  const scales = row + (<usize>steps << 2);
  const range = scales + lines(<usize>(height * SCALES));
  const ones = range + RANGE;
  const stage = ones + 32;
  const start = stage + stageBytes(height, columns);
  const constants = start + lines(<usize>paddedColumns(columns) << 2);
  copyBias(bias, columns, start);
  memory.fill(ones, 0, 32);
  for (let at: usize = 0; at < 32; at += 2) store<u8>(ones + at, 1);
  if (activated) writeGeluConstants(constants);
  const panel = integerPanelBytes(inner), most = rowsOfTile(instruction);
  const stageStride = <usize>min(STRETCH, paddedColumns(columns)) << 2;
  for (let i = 0; i < rows; i += height) {
    const high = min(rows - i, height);
    const tiles = (high + most - 1) / most;
    let done = 0, to = block;
    for (let tile = tiles; tile > 0; tile--) {
      const tall = heightOfNext(high - done, tile);
      for (let r = 0; r < tall; r++) {
        fromHeap(row, x + (<usize>((i + done + r) * inner) << 2), <usize>inner << 2);
        if (activated) gelu(row, row, inner, constants);
        quantizeRow(row, inner, range, scales + <usize>((done + r) * SCALES), to + <usize>r * 4, tall);
      }
      done += tall;
      to += <usize>(tall * steps * WIDTH);
    }
    for (let j = 0; j < columns; j += STRETCH) {
      const wide = min(columns - j, STRETCH);
      for (let c = 0; c < wide; c += COLUMNS) {
        const at = packed + <usize>((j + c) / COLUMNS) * panel;
        let from = block, scale = scales, result = stage + (<usize>c << 2), left = high;
        for (let tile = tiles; tile > 0; tile--) {
          const tall = heightOfNext(left, tile);
          multiplyIntegerTile(instruction, tall, from, at, result, steps, stageStride, scale, start + (<usize>(j + c) << 2), ones);
          from += <usize>(tall * steps * WIDTH);
          scale += <usize>(tall * SCALES);
          result += <usize>tall * stageStride;
          left -= tall;
        }
      }
      copyStage(stage, stageStride, y + ((<usize>i * columns + j) << 2), <usize>columns << 2, high, wide);
    }
  }
}

/** Bytes of a panel: scales of its columns and sums of their weights, scaled, then the weights. */
export function integerPanelBytes(inner: i32): usize {
  return <usize>(COLUMNS * (8 + paddedSteps(inner)));
}

/**
 * Quantises a row in scratch to groups of four bytes, `rows` groups apart. To `scales` go its scale, its middle and −Σ a·ZERO, with which
 * sums of a·(w + ZERO) begin.
 */
function quantizeRow(row: usize, inner: i32, range: usize, scales: usize, to: usize, rows: i32): void {
  const steps = paddedSteps(inner), first = load<f32>(row);
  for (let k = inner; k < steps; k++) store<f32>(row + (<usize>k << 2), first); // changes no range
  readRange(row, steps, range);
  const least = load<f32>(range), width = load<f32>(range, 32) - least;
  const isWide = width > NO_RANGE;
  const scale: f32 = (isWide ? width / STEPS : 0) + load<f32>(range, 64);
  const offset = f32x4.splat(least), inverse = f32x4.splat(isWide ? STEPS / width : 0);
  const rounding = roundingBy(<f32>LEAST), mask = i32x4.splat(255);
  const group = <usize>rows << 2;
  let sums = i32x4.splat(0);
  for (const end = row + (<usize>steps << 2); row < end; row += 64) {
    const a = quantizeSixteen(row, offset, inverse, rounding, mask);
    sums = i32x4.add(sums, sumsOfBytes(a));
    if (STEP == 4) {
      to = storeGroups(a, to, group);
    } else {
      to = storeGroups(i16x8.extend_low_i8x16_s(a), to, group);
      to = storeGroups(i16x8.extend_high_i8x16_s(a), to, group);
    }
  }
  store<f32>(scales, scale);
  store<f32>(scales, least - <f32>LEAST * scale, 4);
  store<i32>(scales, -ZERO * sumOfIntegers(sums), 8);
}

/** Stores four groups of four bytes; where the next goes. */
@inline
function storeGroups(x: v128, to: usize, group: usize): usize {
  store<i32>(to, i32x4.extract_lane(x, 0)), to += group;
  store<i32>(to, i32x4.extract_lane(x, 1)), to += group;
  store<i32>(to, i32x4.extract_lane(x, 2)), to += group;
  store<i32>(to, i32x4.extract_lane(x, 3)), to += group;
  return to;
}

/**
 * Four signed bytes by four of another word, added up by `i32x4.relaxed_dot_i8x16_i7x16_add_s`; 0 in a build without it. A byte of `factors` beyond
 * 7 bits is left to the machine, and so tells what it has.
 */
export function relaxedDot(weights: i32, factors: i32): i32 {
  if (!ASC_FEATURE_RELAXED_SIMD) return 0;
  return i32x4.extract_lane(v128.relaxed_dot_add<i32>(i32x4.splat(weights), i32x4.splat(factors), i32x4.splat(0)), 0);
}
