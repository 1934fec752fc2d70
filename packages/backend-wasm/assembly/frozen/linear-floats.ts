import { blockDepth } from "../block-shape";
import { GELU_CONSTANTS, writeGeluConstants } from "../erf";
import { gelu } from "../gelu";
import { packRows } from "../pack-rows";
import { COLUMNS, multiplyHalfTile, multiplyTile, ROWS } from "../tile";
import { copyBias, copyStage, heightOfNext, lines, paddedColumns, rowsOfBlock, rowsOfHighestBlock, stageBytes, STRETCH } from "./blocks";
import { fromHeap } from "./heap";

/** Numbers of a packed block at most: 768 KiB of a second cache of 1 MiB. */
const BLOCK: i32 = 196608;

/** Bytes of scratch that `linearFloats` needs, for any rows up to these. */
export function floatsScratchBytes(rows: i32, inner: i32, columns: i32): usize {
  const height = rowsOfHighestBlock(rows, BLOCK / inner);
  const block = lines(<usize>(height * inner) << 2), few = lines(<usize>(ROWS * inner) << 2);
  return block + few + stageBytes(height, columns) + lines(<usize>paddedColumns(columns) << 2) + lines(GELU_CONSTANTS);
}

/**
 * y = x·weightᵀ + bias, or gelu(x)·weightᵀ + bias if `activated`, by a weight [columns, inner] that `packFloats` has packed, or, `half`,
 * `packHalves`. x [rows, inner], bias (or 0) and y [rows, columns] lie in the heap.
 *
 * Sums are cut as by `matmul` of a packed weight, so they are rounded in the same way, whatever the rows.
 */
export function linearFloats(
  half: bool, x: usize, rows: i32, inner: i32, packed: usize, columns: i32, bias: usize, y: usize, activated: bool, scratch: usize,
): void {
  const height = rowsOfBlock(rows, BLOCK / inner), depth = blockDepth(height, inner, true);
  const block = scratch;
  const few = block + lines(<usize>(height * inner) << 2);
  const stage = few + lines(<usize>(ROWS * inner) << 2);
  const start = stage + stageBytes(height, columns);
  const constants = start + lines(<usize>paddedColumns(columns) << 2);
  copyBias(bias, columns, start);
  if (activated) writeGeluConstants(constants);
  const panel = <usize>(inner * COLUMNS) << (half ? 1 : 2);
  const stageStride = <usize>min(STRETCH, paddedColumns(columns)) << 2;
  for (let i = 0; i < rows; i += height) {
    const high = min(rows - i, height);
    packBlock(x + (<usize>i * inner << 2), high, inner, depth, few, block);
    if (activated) gelu(block, block, <usize>(high * inner), constants);
    for (let j = 0; j < columns; j += STRETCH) {
      const wide = min(columns - j, STRETCH);
      for (let c = 0; c < wide; c += COLUMNS) {
        const at = <usize>(j + c) / COLUMNS * panel + packed;
        multiplyPanel(half, block, at, stage + (<usize>c << 2), high, inner, depth, stageStride, start + (<usize>(j + c) << 2));
      }
      copyStage(stage, stageStride, y + ((<usize>i * columns + j) << 2), <usize>columns << 2, high, wide);
    }
  }
}

/** Packs rows of the heap, step by step of as many rows as a tile has: all tiles of the first `depth` steps, then of the next. */
function packBlock(x: usize, rows: i32, inner: i32, depth: i32, few: usize, to: usize): void {
  let row = 0;
  for (let tiles = (rows + ROWS - 1) / ROWS; tiles > 0; tiles--) {
    const high = heightOfNext(rows - row, tiles);
    fromHeap(few, x + (<usize>(row * inner) << 2), <usize>(high * inner) << 2);
    for (let k = 0; k < inner; k += depth) {
      const deep = min(inner - k, depth);
      packRows(few + (<usize>k << 2), <usize>inner << 2, to + (<usize>(k * rows + row * deep) << 2), high, deep);
    }
    row += high;
  }
}

/** A packed block by one panel. The first sums begin with a row of bias, the others where those before ended. */
function multiplyPanel(
  half: bool, block: usize, panel: usize, c: usize, rows: i32, inner: i32, depth: i32, stride: usize, start: usize,
): void {
  for (let k = 0; k < inner; k += depth) {
    const deep = min(inner - k, depth);
    let to = c, row = 0;
    for (let tiles = (rows + ROWS - 1) / ROWS; tiles > 0; tiles--) {
      const high = heightOfNext(rows - row, tiles);
      if (half) multiplyHalfTile(high, block, panel, to, deep, stride, start);
      else multiplyTile(high, block, panel, to, deep, stride, start);
      block += <usize>(high * deep) << 2;
      to += <usize>high * stride;
      row += high;
    }
    panel += <usize>(deep * COLUMNS) << (half ? 1 : 2);
    start = 0;
  }
}
