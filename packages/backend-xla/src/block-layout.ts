import { inBlocks, type Layout } from "@kindred/tensor";

/** The rows of a block, unless a sentence is longer. */
export const blockRows = 64;

/**
 * How a batch lies for programs: in blocks, of as many rows as the next power of two from 64 on that holds the longest sentence, an even number
 * of blocks where there are several. So batches of many lengths share few shapes, and few programs are made.
 */
export function blockLayout(lengths: Int32Array, numbers?: Int32Array): Layout {
  let longest = blockRows;
  for (const length of lengths) while (longest < length) longest *= 2;
  const layout = inBlocks(lengths, longest, { numbers });
  const { blocks = 1 } = layout.fixed;
  return blocks === 1 || blocks % 2 === 0 ? layout : inBlocks(lengths, longest, { numbers, count: blocks + 1 });
}
