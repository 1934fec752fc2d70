import { allStepsFit, blockDepth, blockHeight, blockNumbers } from "./block-shape";
import { GELU_CONSTANTS, writeGeluConstants } from "./erf";
import { gelu, geluGradient } from "./gelu";
import { packColumns, packTransposedColumns } from "./pack-columns";
import { packRows, packTransposedRows } from "./pack-rows";
import { COLUMNS, multiplyTile, ROWS } from "./tile";

// GELU of C, or its slope, is taken of this many columns at a time: while they are in the second cache, but in stretches of several
// cache lines. A panel's width of another matrix, its rows 12 KiB apart, comes line by line from memory: a tenth of the product's time.
const FINISHED: i32 = 8 * COLUMNS;

// What `form` adds up.
const LEFT_TRANSPOSED: i32 = 1;
const RIGHT_TRANSPOSED: i32 = 2;
const ACCUMULATE: i32 = 4;
const ACTIVATE_LEFT: i32 = 8;
const ACTIVATE_RIGHT: i32 = 16;
const TIMES_SLOPE: i32 = 32;
const RIGHT_PACKED: i32 = 64;

/** Bytes of scratch that `matmul` of that form needs: a block of A, a panel of B, a tile, a row of zeros, and GELU's constants. */
export function matmulScratchBytes(form: i32, rows: i32, inner: i32): usize {
  const depth = blockDepth(rows, inner, (form & RIGHT_PACKED) != 0);
  const blocks = blockNumbers(blockHeight(rows, depth), depth) * blocksAtATime(form, rows, inner, depth);
  const panel = <usize>COLUMNS * depth;
  return ((blocks + panel + <usize>(ROWS * COLUMNS) + COLUMNS) << 2) + GELU_CONSTANTS;
}

/**
 * C = A·B + bias. C is [rows, columns], A [rows, inner], B [inner, columns]. Strides are numbers from one row to the next as the
 * matrices lie. `bias` is the address of `columns` numbers, or 0. `form` adds up
 *
 * -  1 for an A that lies transposed, [inner, rows], and 2 for such a B, [columns, inner];
 * -  4 for C += A·B, without bias;
 * -  8 for GELU(A) instead of A, and 16 for GELU(B), without a copy of either;
 * - 32 for C = (A·B + bias)·GELU'(activated), element by element, of a matrix that lies like C;
 * - 64 for a B of whole panels that `packWeight` has packed, which is neither transposed nor activated.
 *
 * Without that last one, `activated` is the address of a matrix like C that becomes GELU(C), C's own to put it in C's place, or 0.
 *
 * Blocked as by Goto and van de Geijn, "Anatomy of High-Performance Matrix Multiplication", 2008, but for B, whose panels are packed
 * just before use, once for each block of A.
 */
export function matmul(
  form: i32, rows: i32, columns: i32, inner: i32,
  a: usize, strideA: i32, b: usize, strideB: i32, c: usize, strideC: i32,
  bias: usize, activated: usize, scratch: usize,
): void {
  const bytesA = <usize>strideA << 2, bytesB = <usize>strideB << 2, bytesC = <usize>strideC << 2;
  const depth = blockDepth(rows, inner, (form & RIGHT_PACKED) != 0), height = blockHeight(rows, depth);
  const block = scratch;
  const atATime = blocksAtATime(form, rows, inner, depth);
  const panel = block + ((blockNumbers(height, depth) * atATime) << 2);
  const tile = panel + ((<usize>COLUMNS * depth) << 2);
  const zeros = tile + (<usize>(ROWS * COLUMNS) << 2);
  const constants = zeros + (<usize>COLUMNS << 2);
  memory.fill(zeros, 0, <usize>COLUMNS << 2);
  if (activated || form & (ACTIVATE_LEFT | ACTIVATE_RIGHT)) writeGeluConstants(constants);
  if (atATime > 1) {
    multiplyFewRows(form, rows, columns, inner, depth, a, bytesA, b, c, bytesC, bias, activated, block, zeros, constants);
    return;
  }
  let k = 0;
  do { // once even where inner is 0: C is the bias then
    const innerNow = min(inner - k, depth);
    const isLast = k + innerNow == inner;
    const goesOn = (form & ACCUMULATE) != 0 || k > 0;
    for (let i = 0; i < rows; i += height) {
      const rowsNow = min(rows - i, height);
      packBlock(form, a, bytesA, i, k, rowsNow, innerNow, block);
      if (form & ACTIVATE_LEFT) gelu(block, block, <usize>(rowsNow * innerNow), constants);
      for (let j = 0; j < columns; j += COLUMNS) {
        const columnsNow = min(columns - j, COLUMNS);
        let panelNow = panel;
        if (form & RIGHT_PACKED) {
          panelNow = b + ((<usize>j * inner + <usize>k * COLUMNS) << 2);
        } else if (form & RIGHT_TRANSPOSED) {
          packTransposedColumns(b + <usize>j * bytesB + (<usize>k << 2), bytesB, panel, columnsNow, innerNow);
        } else {
          packColumns(b + <usize>k * bytesB + (<usize>j << 2), bytesB, panel, columnsNow, innerNow);
        }
        if (form & ACTIVATE_RIGHT) gelu(panel, panel, <usize>(COLUMNS * innerNow), constants);
        const at = <usize>i * bytesC + (<usize>j << 2);
        const biasNow = bias ? bias + (<usize>j << 2) : 0;
        if (columnsNow == COLUMNS) {
          const start: usize = goesOn ? 0 : bias ? biasNow : zeros;
          multiplyPanels(block, panelNow, c + at, rowsNow, innerNow, bytesC, start);
        } else {
          multiplyEdge(block, panel, c + at, rowsNow, columnsNow, innerNow, bytesC, goesOn, biasNow, tile, zeros);
        }
        const done = j + columnsNow;
        if (activated && isLast && (done == columns || done % FINISHED == 0)) {
          const first = ((done - 1) / FINISHED) * FINISHED;
          const there = <usize>i * bytesC + (<usize>first << 2);
          finish(form, c + there, activated + there, rowsNow, done - first, bytesC, constants);
        }
      }
    }
    k += depth;
  } while (k < inner);
}

/** Blocks of A that lie packed at a time: those of all steps, for few rows by a packed B, which `multiplyFewRows` multiplies; else one. */
function blocksAtATime(form: i32, rows: i32, inner: i32, depth: i32): usize {
  return form & RIGHT_PACKED && inner > depth && allStepsFit(rows, inner, depth) ? (inner + depth - 1) / depth : 1;
}

/**
 * The same of few rows by a packed B, panel after panel: all blocks of A by one panel, then by the next. Each number of C is added up in the
 * same order as above, to the same bits.
 */
function multiplyFewRows(
  form: i32, rows: i32, columns: i32, inner: i32, depth: i32, a: usize, bytesA: usize, b: usize, c: usize, bytesC: usize, bias: usize,
  activated: usize, blocks: usize, zeros: usize, constants: usize,
): void {
  const blockBytes = blockNumbers(rows, depth) << 2;
  let block = blocks;
  for (let k = 0; k < inner; k += depth) {
    const innerNow = min(inner - k, depth);
    packBlock(form, a, bytesA, 0, k, rows, innerNow, block);
    if (form & ACTIVATE_LEFT) gelu(block, block, <usize>(rows * innerNow), constants);
    block += blockBytes;
  }
  for (let j = 0; j < columns; j += COLUMNS) {
    const at = c + (<usize>j << 2);
    let start: usize = form & ACCUMULATE ? 0 : bias ? bias + (<usize>j << 2) : zeros;
    let panel = b + ((<usize>j * inner) << 2);
    block = blocks;
    for (let k = 0; k < inner; k += depth) {
      const innerNow = min(inner - k, depth);
      multiplyPanels(block, panel, at, rows, innerNow, bytesC, start);
      start = 0;
      panel += (<usize>innerNow * COLUMNS) << 2;
      block += blockBytes;
    }
    const done = j + COLUMNS;
    if (activated && (done >= columns || done % FINISHED == 0)) {
      const first = ((done - 1) / FINISHED) * FINISHED;
      const there = <usize>first << 2;
      finish(form, c + there, activated + there, rows, done - first, bytesC, constants);
    }
  }
}

/** The columns of a panel. */
export function panelColumns(): i32 {
  return COLUMNS;
}

/** Packs a transposed B, [columns, inner], of whole panels, for any number of products: a panel after another, each `inner` long. */
export function packWeight(b: usize, columns: i32, inner: i32, to: usize): void {
  const bytes = <usize>inner << 2;
  for (let j = 0; j < columns; j += COLUMNS) {
    packTransposedColumns(b + <usize>j * bytes, bytes, to + <usize>j * bytes, COLUMNS, inner);
  }
}

/** Gives a B that was packed in panels of `lanes` back as [columns, inner]. */
export function unpackWeight(packed: usize, columns: i32, inner: i32, lanes: i32, to: usize): void {
  for (let j = 0; j < columns; j++) {
    let from = packed + (<usize>((j / lanes) * inner * lanes + (j % lanes)) << 2);
    for (let k = 0; k < inner; k++) {
      store<f32>(to, load<f32>(from));
      from += <usize>lanes << 2;
      to += 4;
    }
  }
}

/** The rows of the next of `tiles` tiles, of `left` rows in all: as high as each other, as a tile of one row wastes most of its time. */
@inline
function heightOfNext(left: i32, tiles: i32): i32 {
  return (left + tiles - 1) / tiles;
}

@inline
function tilesOf(rows: i32): i32 {
  return (rows + ROWS - 1) / ROWS;
}

function packBlock(form: i32, a: usize, bytesA: usize, i: i32, k: i32, rows: i32, inner: i32, to: usize): void {
  let row = i;
  for (let tiles = tilesOf(rows); tiles > 0; tiles--) {
    const height = heightOfNext(i + rows - row, tiles);
    if (form & LEFT_TRANSPOSED) {
      packTransposedRows(a + <usize>k * bytesA + (<usize>row << 2), bytesA, to, height, inner);
    } else {
      packRows(a + <usize>row * bytesA + (<usize>k << 2), bytesA, to, height, inner);
    }
    row += height;
    to += <usize>(height * inner) << 2;
  }
}

/** GELU of some columns of C, or C times GELU's slope, while they are in a cache. */
function finish(form: i32, c: usize, other: usize, rows: i32, columns: i32, stride: usize, constants: usize): void {
  for (; rows > 0; rows--) {
    if (form & TIMES_SLOPE) geluGradient(c, other, c, columns, constants);
    else gelu(c, other, columns, constants);
    c += stride;
    other += stride;
  }
}

/** All panels of a block of A by one panel of B, straight into C. */
function multiplyPanels(a: usize, b: usize, c: usize, rows: i32, inner: i32, stride: usize, start: usize): void {
  for (let tiles = tilesOf(rows); tiles > 0; tiles--) {
    const height = heightOfNext(rows, tiles);
    multiplyTile(height, a, b, c, inner, stride, start);
    a += <usize>(height * inner) << 2;
    c += <usize>height * stride;
    rows -= height;
  }
}

/** The same for the last columns of C, too few for a tile: by way of a tile in scratch. */
function multiplyEdge(
  a: usize, b: usize, c: usize, rows: i32, columns: i32, inner: i32, stride: usize, goesOn: bool, bias: usize, tile: usize,
  zeros: usize,
): void {
  for (let tiles = tilesOf(rows); tiles > 0; tiles--) {
    const height = heightOfNext(rows, tiles);
    multiplyTile(height, a, b, tile, inner, <usize>COLUMNS << 2, zeros);
    for (let i = 0; i < height; i++) {
      for (let j = 0; j < columns; j++) {
        const at = c + (<usize>j << 2);
        const start: f32 = goesOn ? load<f32>(at) : bias ? load<f32>(bias + (<usize>j << 2)) : 0;
        store<f32>(at, start + load<f32>(tile + (<usize>(i * COLUMNS + j) << 2)));
      }
      c += stride;
    }
    a += <usize>(height * inner) << 2;
    rows -= height;
  }
}
