import { packColumns, packTransposedColumns } from "./pack-panel";
import { multiplyStridedTile, panelColumns, TILE_ROWS } from "./strided-tile";

// Products of matrices so small that they lie in the first caches, as attention has them: the left one wherever it is, by strides, the
// right one packed whole. A packed matrix [inner, columns] is a row of panels; columns that do not exist are 0.

/** The columns that a packed matrix has room for. */
@inline
export function paddedColumns(columns: i32): i32 {
  return (columns + 7) & ~7;
}

/** Bytes of a packed matrix [inner, columns]. */
@inline
export function packedBytes(inner: i32, columns: i32): usize {
  return (<usize>inner * <usize>paddedColumns(columns)) << 2;
}

/** Packs x [inner, columns], rows `stride` bytes apart. */
export function packMatrix(x: usize, stride: usize, inner: i32, columns: i32, to: usize): void {
  for (let j = 0; j < columns; ) {
    const width = panelColumns(columns - j);
    packColumns(x + (<usize>j << 2), stride, to, min(width, columns - j), width, inner);
    to += (<usize>inner * <usize>width) << 2;
    j += width;
  }
}

/** Packs the transpose of x [columns, inner], rows `stride` bytes apart. */
export function packTranspose(x: usize, stride: usize, inner: i32, columns: i32, to: usize): void {
  for (let j = 0; j < columns; ) {
    const width = panelColumns(columns - j);
    packTransposedColumns(x + <usize>j * stride, stride, to, min(width, columns - j), width, inner);
    to += (<usize>inner * <usize>width) << 2;
    j += width;
  }
}

/** Floats that {@link product} needs for tiles that reach beyond C's columns. */
export const EDGE: i32 = 6 * 16;

/**
 * C [rows, columns] = A·B, or C += A·B where `add`. A [rows, inner] lies in strides of bytes, `aRow` from row to row and `aStep` from
 * step to step; B is packed; C's rows are `stride` bytes apart.
 */
export function product(
  rows: i32, columns: i32, inner: i32, a: usize, aRow: usize, aStep: usize, packed: usize, c: usize, stride: usize, add: bool, edge: usize,
): void {
  const tiles = (rows + TILE_ROWS - 1) / TILE_ROWS;
  for (let j = 0; j < columns; ) {
    const width = panelColumns(columns - j);
    const real = min(width, columns - j);
    let from = a, to = c + (<usize>j << 2);
    let left = rows;
    // All tiles as high as each other: a last one of a single row would wait for its own sums.
    for (let tile = tiles; tile > 0; tile--) {
      const high = (left + tile - 1) / tile;
      if (real == width) multiplyStridedTile(high, width, from, aRow, aStep, packed, to, inner, stride, add);
      else {
        multiplyStridedTile(high, width, from, aRow, aStep, packed, edge, inner, <usize>width << 2, false);
        copyEdge(edge, <usize>width << 2, to, stride, high, real, add);
      }
      from += <usize>high * aRow;
      to += <usize>high * stride;
      left -= high;
    }
    packed += (<usize>inner * <usize>width) << 2;
    j += width;
  }
}

function copyEdge(edge: usize, step: usize, c: usize, stride: usize, rows: i32, columns: i32, add: bool): void {
  for (let i = 0; i < rows; i++) {
    for (let j: usize = 0; j < <usize>columns << 2; j += 4) {
      const value = load<f32>(edge + j);
      store<f32>(c + j, add ? load<f32>(c + j) + value : value);
    }
    edge += step;
    c += stride;
  }
}
