import { packColumns, packTransposedColumns } from "./pack-columns";
import { packRows, packTransposedRows } from "./pack-rows";
import { COLUMNS, multiplyTile, ROWS } from "./tile";

// A packed block of A stays in the second cache (1 MiB on Zen 4, 1.25 on Golden Cove) while panels of B, each of which stays in the
// first (32 KiB), pass by.
const BLOCK_ROWS: i32 = 84 * ROWS;
const BLOCK_INNER: i32 = 256;

const LEFT_TRANSPOSED: i32 = 1;
const RIGHT_TRANSPOSED: i32 = 2;

/** Bytes of scratch that {@link matmul} needs: a block of A, a panel of B, a tile, and a row of zeros. */
export function matmulScratchBytes(rows: i32, inner: i32): usize {
  const block = (<usize>min(rows, BLOCK_ROWS)) * min(inner, BLOCK_INNER);
  const panel = (<usize>COLUMNS) * min(inner, BLOCK_INNER);
  return (block + panel + <usize>(ROWS * COLUMNS) + COLUMNS) << 2;
}

/**
 * C = A·B + bias, or C += A·B where `accumulate` is 1. C is [rows, columns], A [rows, inner], B [inner, columns]; `form` adds up
 * 1 for an A that lies transposed ([inner, rows]) and 2 for such a B ([columns, inner]). Strides are elements from one row to the
 * next as the matrices lie; `bias` is the address of `columns` numbers, or 0.
 *
 * Blocked as by Goto and van de Geijn, "Anatomy of High-Performance Matrix Multiplication", 2008, but for B, whose panels are packed
 * just before use and never leave the first cache.
 */
export function matmul(
  form: i32, rows: i32, columns: i32, inner: i32,
  a: usize, strideA: i32, b: usize, strideB: i32, c: usize, strideC: i32,
  bias: usize, accumulate: i32, scratch: usize,
): void {
  const bytesA = (<usize>strideA) << 2, bytesB = (<usize>strideB) << 2, bytesC = (<usize>strideC) << 2;
  const block = scratch;
  const panel = block + (((<usize>min(rows, BLOCK_ROWS)) * min(inner, BLOCK_INNER)) << 2);
  const tile = panel + ((<usize>(COLUMNS * min(inner, BLOCK_INNER))) << 2);
  const zeros = tile + ((<usize>(ROWS * COLUMNS)) << 2);
  memory.fill(zeros, 0, (<usize>COLUMNS) << 2);
  let k = 0;
  do {
    const innerNow = min(inner - k, BLOCK_INNER);
    const goesOn = accumulate != 0 || k > 0;
    for (let i = 0; i < rows; i += BLOCK_ROWS) {
      const rowsNow = min(rows - i, BLOCK_ROWS);
      packBlock(form, a, bytesA, i, k, rowsNow, innerNow, block);
      for (let j = 0; j < columns; j += COLUMNS) {
        const columnsNow = min(columns - j, COLUMNS);
        if (form & RIGHT_TRANSPOSED) {
          packTransposedColumns(b + (<usize>j) * bytesB + ((<usize>k) << 2), bytesB, panel, columnsNow, innerNow);
        } else {
          packColumns(b + (<usize>k) * bytesB + ((<usize>j) << 2), bytesB, panel, columnsNow, innerNow);
        }
        const target = c + (<usize>i) * bytesC + ((<usize>j) << 2);
        const biasNow = bias ? bias + ((<usize>j) << 2) : 0;
        if (columnsNow == COLUMNS) {
          const start = goesOn ? 0 : bias ? biasNow : zeros;
          multiplyPanels(block, panel, target, rowsNow, innerNow, strideC, start);
        } else {
          multiplyEdge(block, panel, target, rowsNow, columnsNow, innerNow, strideC, goesOn, biasNow, tile, zeros);
        }
      }
    }
    k += BLOCK_INNER;
  } while (k < inner);
}

function packBlock(form: i32, a: usize, bytesA: usize, i: i32, k: i32, rows: i32, inner: i32, to: usize): void {
  for (let r = 0; r < rows; r += ROWS) {
    const rowsNow = min(rows - r, ROWS);
    if (form & LEFT_TRANSPOSED) {
      packTransposedRows(a + (<usize>k) * bytesA + ((<usize>(i + r)) << 2), bytesA, to, rowsNow, inner);
    } else {
      packRows(a + (<usize>(i + r)) * bytesA + ((<usize>k) << 2), bytesA, to, rowsNow, inner);
    }
    to += (<usize>(rowsNow * inner)) << 2;
  }
}

/** All panels of a block of A by one panel of B, straight into C. */
function multiplyPanels(a: usize, b: usize, c: usize, rows: i32, inner: i32, stride: i32, start: usize): void {
  for (let r = 0; r < rows; r += ROWS) {
    const rowsNow = min(rows - r, ROWS);
    multiplyTile(rowsNow, a, b, c, inner, stride, start);
    a += (<usize>(rowsNow * inner)) << 2;
    c += (<usize>(rowsNow * stride)) << 2;
  }
}

/** The same for the last columns of C, too few for a tile: by way of a tile in scratch. */
function multiplyEdge(
  a: usize, b: usize, c: usize, rows: i32, columns: i32, inner: i32, stride: i32, goesOn: bool, bias: usize, tile: usize,
  zeros: usize,
): void {
  for (let r = 0; r < rows; r += ROWS) {
    const rowsNow = min(rows - r, ROWS);
    multiplyTile(rowsNow, a, b, tile, inner, COLUMNS, zeros);
    for (let i = 0; i < rowsNow; i++) {
      for (let j = 0; j < columns; j++) {
        const at = c + ((<usize>j) << 2);
        const start: f32 = goesOn ? load<f32>(at) : bias ? load<f32>(bias + ((<usize>j) << 2)) : 0;
        store<f32>(at, start + load<f32>(tile + ((<usize>(i * COLUMNS + j)) << 2)));
      }
      c += (<usize>stride) << 2;
    }
    a += (<usize>(rowsNow * inner)) << 2;
  }
}
