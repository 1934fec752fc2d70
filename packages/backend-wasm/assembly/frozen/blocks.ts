import { fromHeap, toHeap } from "./heap";
import { COLUMNS } from "../tile";

// How a product by a frozen weight is cut: a block of rows is packed, and multiplied by stretches of columns, whose results are staged while they
// are in the second cache and go to the heap in one copy a row.

/** Columns of a stretch. */
export const STRETCH: i32 = 256;

/** Rows of a block at most, and what its rows are a multiple of, so that tiles of 4 and of 6 rows fill it. */
const HIGHEST: i32 = 120;
const RAGGED: i32 = 12;

/** Rows of a block at most, where `most` rows fit in the cache. */
@inline
function highestBlock(most: i32): i32 {
  return max(min(HIGHEST, most) / RAGGED, 1) * RAGGED;
}

@inline
function ragged(rows: i32): i32 {
  return (rows + RAGGED - 1) / RAGGED * RAGGED;
}

/** Rows of a block of `rows` rows of which `most` fit in the cache: all blocks about as high as each other. */
export function rowsOfBlock(rows: i32, most: i32): i32 {
  const highest = highestBlock(most);
  const blocks = max((rows + highest - 1) / highest, 1);
  return ragged((rows + blocks - 1) / blocks);
}

/** Rows of the highest block of any number of rows up to these. */
export function rowsOfHighestBlock(rows: i32, most: i32): i32 {
  return min(ragged(min(rows, HIGHEST)), highestBlock(most));
}

/** Bytes, rounded up to cache lines. */
@inline
export function lines(bytes: usize): usize {
  return (bytes + 63) & ~63;
}

/** The columns that panels of a matrix of `columns` have. */
@inline
export function paddedColumns(columns: i32): i32 {
  return (columns + COLUMNS - 1) / COLUMNS * COLUMNS;
}

/** Bytes of a stretch of a block's results. */
export function stageBytes(height: i32, columns: i32): usize {
  return lines((<usize>height * min(STRETCH, paddedColumns(columns))) << 2);
}

/** The bias from the heap, or zeros for none, as long as the panels. */
export function copyBias(bias: usize, columns: i32, to: usize): void {
  const there = bias ? <usize>columns << 2 : 0;
  fromHeap(to, bias, there);
  memory.fill(to + there, 0, (<usize>paddedColumns(columns) << 2) - there);
}

/** Copies a staged stretch of `columns` columns, rows `stage` bytes apart, to rows of the heap `stride` bytes apart. */
export function copyStage(from: usize, stage: usize, to: usize, stride: usize, rows: i32, columns: i32): void {
  for (; rows > 0; rows--) {
    toHeap(to, from, <usize>columns << 2);
    from += stage;
    to += stride;
  }
}

/** The rows of the next of `tiles` tiles, of `left` rows in all: as high as each other, as a tile of one row wastes most of its time. */
@inline
export function heightOfNext(left: i32, tiles: i32): i32 {
  return (left + tiles - 1) / tiles;
}
