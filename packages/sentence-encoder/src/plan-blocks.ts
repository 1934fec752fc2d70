import { inBlocks, type Layout, type ProgramSizes } from "@kindred/tensor";

/** A batch of a plan: which sentences, in the order in which the layout has them, and where they lie. */
export type PlannedBatch = { readonly sentences: Int32Array; readonly layout: Layout };

/** What bounds a plan in blocks. */
export type BlockPlanOptions = ProgramSizes & {
  /** How many batches are worked on at a time; none is to be without one. Default: 1. */
  readonly cores?: number;
};

/** Rows of the smallest block, for a short text by itself. */
const smallestBlock = 16;

/**
 * The batches in which to encode sentences on an engine that makes a program for each shape: every sentence in exactly one, in blocks of few
 * lengths, of which a batch has the largest power of two that fits into `batchRows`, a quarter of it, a quarter of that, … or 1. So few programs do for texts of all kinds.
 *
 * Long sentences get the shortest blocks of a row of sizes (`blockRows` times 1, 2, 3, 4, 6, 8, 12, …) that hold them, and short ones fill
 * those up; the others go into blocks of `blockRows`, or of less if they all fit into one. A layout has room for more sentences than there are:
 * empty ones follow, whose vectors nobody reads. All this is for encoding alone: training counts each sentence of a batch. Layouts are made one
 * after another, as they are asked for.
 *
 * @see Krell et al., "Efficient Sequence Packing without Cross-contamination", arXiv:2107.02027, 2021 (first fit, decreasing)
 *
 * @example
 * ```ts
 * import { planBlocks } from "@kindred/sentence-encoder";
 *
 * const [batch] = planBlocks(Int32Array.of(20, 60, 4, 40), { blockRows: 64, batchRows: 1024 });
 * batch?.sentences; // => [1, 2]
 * batch?.layout.fixed; // => { batch: 16, rows: 64, longest: 64, blocks: 1 }
 * ```
 */
export function* planBlocks(
  lengths: Int32Array,
  { blockRows, batchRows, cores = 1 }: BlockPlanOptions,
): Generator<PlannedBatch, void> {
  let sentences: Int32Array = Int32Array.from(lengths.keys()).sort((a, b) => lengthOf(b) - lengthOf(a) || a - b);
  for (const [rows, shorter] of blockSizes(lengths, blockRows)) {
    const { blocks, left } = fill(sentences, rows, shorter);
    sentences = left;
    const counts = countsOf(batchRows / rows);
    const share = Math.ceil(blocks.length / cores);
    for (let [at, count] = [0, 0]; at < blocks.length; at += count) {
      const most = Math.min(share, blocks.length - at);
      count = counts.find((each) => each <= most) ?? 1;
      yield batchOf(blocks.slice(at, at + count), rows);
    }
  }

  function lengthOf(sentence: number): number {
    return lengths[sentence] ?? 0;
  }

  /** First fit: who needs more than `shorter` rows opens a block if none has room; the others wait for shorter ones, if there are any. */
  function fill(order: Int32Array, rows: number, shorter: number): { blocks: Block[]; left: Int32Array } {
    const blocks: Block[] = [];
    const left: number[] = [];
    let [first, length] = [0, Number.POSITIVE_INFINITY]; // no block before `first` has room for `length`
    for (const sentence of order) {
      if (lengthOf(sentence) < length) [first, length] = [0, lengthOf(sentence)];
      while (first < blocks.length && (blocks[first]?.used ?? 0) + length > rows) first++;
      const block = blocks[first];
      if (block !== undefined) {
        block.used += length;
        block.sentences.push(sentence);
      } else if (length > shorter || shorter === 0) blocks.push({ used: length, sentences: [sentence] });
      else left.push(sentence);
    }
    return { blocks, left: Int32Array.from(left) };
  }

  /** The sentences of these blocks in the order of all: a layout that fills its blocks in the same way comes to the same ones. */
  function batchOf(blocks: readonly Block[], longest: number): PlannedBatch {
    const inBatch = Int32Array.from(blocks.flatMap((block) => block.sentences)).sort(
      (a, b) => lengthOf(b) - lengthOf(a) || a - b,
    );
    const rows = blocks.length * longest;
    let room = rows / 4; // texts of 4 tokens and more, on the average
    while (room < inBatch.length) room *= 2;
    const padded = new Int32Array(room);
    padded.set(inBatch.map(lengthOf));
    return { sentences: inBatch, layout: inBlocks(padded, longest, { count: blocks.length }) };
  }
}

type Block = { used: number; readonly sentences: number[] };

/** Sizes of blocks, the longest first, and with each the next shorter one: 0 for the last. */
function blockSizes(lengths: Int32Array, blockRows: number): [rows: number, shorter: number][] {
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const longest = lengths.reduce((most, length) => Math.max(most, length), 0);
  let rows = blockRows;
  while (rows / 2 >= smallestBlock && rows / 2 >= total) rows /= 2;
  const sizes: [number, number][] = [[rows, 0]];
  for (let unit = rows; rows < longest; ) {
    if (rows === 3 * unit) unit *= 2; // after 1, 2 and 3 units twice as long ones
    const next = rows === 2 * unit ? 3 * unit : 2 * unit;
    sizes.unshift([next, rows]);
    rows = next;
  }
  return sizes;
}

/** How many blocks a batch may have, the most first: a power of two that fits in, and then a quarter each. */
function countsOf(most: number): number[] {
  const counts: number[] = [];
  for (let count = 2 ** Math.floor(Math.log2(Math.max(1, most))); count > 1; count = Math.floor(count / 4))
    counts.push(count);
  return [...counts, 1];
}
