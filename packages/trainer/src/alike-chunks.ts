import { selectSentences } from "@kindred/sentence-encoder";
import { inBlocks } from "@kindred/tensor";
import type { NumberedSentences } from "./deal-batch.ts";

/** What bounds chunks, and how their sentences are to lie. */
export type AlikeChunksOptions = {
  /** The most tokens of a chunk, unless it is one sentence. */
  readonly maxBatchTokens: number;
  /** Rows of a block, unless a sentence needs more; as an engine's `programs` say. */
  readonly blockRows: number;
};

/**
 * The sentences of shares, all as many, cut into chunks that are alike in shape: chunk i of every share has as many sentences, and all chunks
 * lie in as many blocks. So one program does for all devices, and few do for the chunks of many batches.
 *
 * Chunks are as few of a row of numbers (1, 2, 3, 4, 6, 8, 12, …) as fit, or up to twice as many where that makes them all of one size: steps
 * whose texts are longer seldom have another. The number of blocks is that of the fullest chunk, rounded
 * up by an eighth at most, or to an even one.
 */
export function alikeChunks(
  shares: readonly NumberedSentences[],
  { maxBatchTokens, blockRows }: AlikeChunksOptions,
): NumberedSentences[][] {
  const lengths = shares.map(({ batch: { starts } }) => starts.subarray(1).map((end, i) => end - (starts[i] ?? 0)));
  const sentences = lengths[0]?.length ?? 0;
  const size = chunkSize(lengths, maxBatchTokens);
  const starts = Array.from({ length: Math.ceil(sentences / size) }, (_, chunk) => chunk * size);
  const longest = Math.max(...lengths.map((own) => own.reduce((most, length) => Math.max(most, length), 0)));
  let rows = blockRows;
  while (rows < longest) rows *= 2;
  const cut = lengths.map((own) => starts.map((start) => own.subarray(start, start + size)));
  const needed = cut.flat().map((own) => inBlocks(own, rows).fixed.blocks ?? 1);
  const count = roundedUp(Math.max(...needed));
  return shares.map(({ batch, rows: numbers }, share) =>
    starts.map((start, chunk) => {
      const own = cut[share]?.[chunk] ?? new Int32Array();
      const places = Int32Array.from(own, (_, i) => start + i);
      const ownNumbers = numbers.slice(start, start + own.length);
      const layout = inBlocks(own, rows, { count, numbers: ownNumbers });
      return { batch: { ...selectSentences(batch, places), layout }, rows: ownNumbers };
    }),
  );
}

/** Sentences of a chunk, so that no chunk of any share has too many tokens. */
function chunkSize(lengths: readonly Int32Array[], maxBatchTokens: number): number {
  const sentences = lengths[0]?.length ?? 1;
  const fits = (size: number) => lengths.every((own) => mostTokens(own, size) <= maxBatchTokens);
  let least = 1;
  while (least < sentences && !fits(Math.ceil(sentences / least))) least++;
  const counts = chunkCounts(2 * least).filter((count) => count >= least && fits(Math.ceil(sentences / count)));
  const [fewest = least] = counts;
  return Math.ceil(sentences / (counts.find((count) => sentences % count === 0) ?? fewest));
}

/** 1, 2, 3, 4, 6, 8, 12, … up to `most`: of these numbers of chunks few are near. */
function chunkCounts(most: number): number[] {
  const counts: number[] = [];
  for (let power = 1; power <= most; power *= 2) counts.push(power, ...(power > 1 ? [1.5 * power] : []));
  return counts.filter((count) => count <= most);
}

/** Tokens of the fullest chunk. */
function mostTokens(lengths: Int32Array, size: number): number {
  let most = 0;
  for (let start = 0; start < lengths.length; start += size)
    most = Math.max(
      most,
      lengths.subarray(start, start + size).reduce((sum, length) => sum + length, 0),
    );
  return most;
}

/** A number of blocks of which few are near: 1, even ones, and from 32 on multiples of an eighth of the power of two below. */
function roundedUp(blocks: number): number {
  if (blocks === 1) return 1;
  const step = Math.max(2, 2 ** Math.floor(Math.log2(blocks)) / 8);
  return Math.ceil(blocks / step) * step;
}
