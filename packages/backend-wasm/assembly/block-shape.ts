// How a product is cut. A packed block of A, `height` rows of `depth` steps, stays in the second cache while panels of B pass by. C is
// read and written once for every depth, and B is packed once for every height.

/** Numbers of a block at most: 768 KiB of a second cache of 1 MiB (Zen 4) or 1.25 (Golden Cove). */
const BLOCK: i32 = 196608;

/** Up to as many rows make one block, so that B is packed once; more of them are cut so that neither C nor B costs much: 384 × 512. */
const ROWS_OF_ONE_BLOCK: i32 = 512;
const DEPTH: i32 = 512;

/** Few rows are cut at this depth, a panel of 48 KiB: twice as deep is as fast, and four times made dy·W of 14 rows run at 0.7. */
const DEEPEST: i32 = 768;

/** The rows of C beside a panel lie in as many pages, and Zen 4's TLB holds 3,072: 3,072 rows of 64 steps ran at 0.8 as one block. */
const HIGHEST: i32 = 768;

/** Steps are packed by as many as fill a cache line. */
const LINE: i32 = 16;

/**
 * Steps of a block: all blocks as deep as each other, since a shallow one costs as much of C. 0 if there are no steps.
 *
 * Where a sum is cut says how it is rounded. By a packed B it is cut in the same places whatever the rows, so that a text's vector does not
 * depend on what it is encoded with; and B needs no packing there, which is what deeper blocks of few rows would save.
 */
export function blockDepth(rows: i32, inner: i32, isPacked: bool): i32 {
  const most = isPacked || rows > ROWS_OF_ONE_BLOCK ? DEPTH : min(DEEPEST, (BLOCK / max(rows, 1)) & -LINE);
  const blocks = (inner + most - 1) / most;
  return blocks ? ((inner + blocks - 1) / blocks + LINE - 1) & -LINE : 0;
}

/** Whether the blocks of all steps of A fit beside each other: then each panel of a packed B is read through, as fast as memory gives it. */
export function allStepsFit(rows: i32, inner: i32, depth: i32): bool {
  return rows * inner <= BLOCK && blockHeight(rows, depth) == rows;
}

/** Rows of a block: all blocks as high as each other, since B is packed anew for a low one too. At least 1. */
export function blockHeight(rows: i32, depth: i32): i32 {
  const most = min(HIGHEST, BLOCK / max(depth, LINE));
  const blocks = max((rows + most - 1) / most, 1);
  return max((rows + blocks - 1) / blocks, 1);
}

/** Numbers of room for a block: whole cache lines, so that what follows begins with one. */
export function blockNumbers(height: i32, depth: i32): usize {
  return <usize>(height * depth + LINE - 1) & -(<usize>LINE);
}
