import { ConfigError } from "@kindred/errors";

/** Sentences as token ids, end to end: sentence i is `ids[starts[i] … starts[i + 1])`. */
export type TokenBatch = {
  readonly ids: Int32Array;
  readonly starts: Int32Array;
  /** How many of each sentence's first tokens, `<s>` among them, pooling leaves out. Default: 0. */
  readonly promptLength?: number;
};

/**
 * The order in which to encode sentences: their indices in batches of at most `maxBatchTokens` tokens, longest sentences
 * first, so that the sentences of a batch are of like length and the slowest batch comes first.
 *
 * Every sentence is in exactly one batch; a sentence of equal length keeps its place among its equals.
 *
 * @throws ConfigError if one sentence alone is longer than the budget.
 *
 * @example
 * ```ts
 * import { planBatches } from "@kindred/sentence-encoder";
 *
 * planBatches(Int32Array.of(3, 9, 4, 3), 10).map((batch) => [...batch]); // => [[1], [2, 0, 3]]
 * ```
 */
export function planBatches(lengths: Int32Array, maxBatchTokens: number): Int32Array[] {
  const order = Int32Array.from(lengths.keys()).sort((a, b) => lengths[b]! - lengths[a]! || a - b);
  const longest = lengths[order[0] ?? 0] ?? 0;
  if (longest > maxBatchTokens) {
    throw new ConfigError(
      `planBatches: a sentence has ${longest} tokens, more than maxBatchTokens = ${maxBatchTokens}. Raise it.`,
    );
  }
  const batches: Int32Array[] = [];
  let start = 0;
  let tokens = 0;
  order.forEach((sentence, i) => {
    if (tokens + lengths[sentence]! > maxBatchTokens) {
      batches.push(order.slice(start, i));
      start = i;
      tokens = 0;
    }
    tokens += lengths[sentence]!;
  });
  if (start < order.length) batches.push(order.slice(start));
  return batches;
}

/**
 * The sentences of `batch` at `indices`, in that order, as a batch of their own.
 *
 * @example
 * ```ts
 * import { selectSentences } from "@kindred/sentence-encoder";
 *
 * const batch = { ids: Int32Array.of(0, 7, 2, 0, 2), starts: Int32Array.of(0, 3, 5) };
 * selectSentences(batch, Int32Array.of(1, 0)); // => { ids: [0, 2, 0, 7, 2], starts: [0, 2, 5] }
 * ```
 */
export function selectSentences(batch: TokenBatch, indices: Int32Array): TokenBatch {
  const starts = new Int32Array(indices.length + 1);
  indices.forEach((sentence, i) => {
    starts[i + 1] = starts[i]! + batch.starts[sentence + 1]! - batch.starts[sentence]!;
  });
  const ids = new Int32Array(starts[indices.length]!);
  indices.forEach((sentence, i) => {
    ids.set(batch.ids.subarray(batch.starts[sentence], batch.starts[sentence + 1]), starts[i]);
  });
  return { ...batch, ids, starts };
}
