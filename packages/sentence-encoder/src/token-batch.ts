/** Sentences as token ids, end to end: sentence i is `ids[starts[i] … starts[i + 1])`. */
export type TokenBatch = {
  readonly ids: Int32Array;
  readonly starts: Int32Array;
  /** How many of each sentence's first tokens, `<s>` among them, pooling leaves out. Default: 0. */
  readonly promptLength?: number;
};

/** The tokens of each sentence. */
export function sentenceLengths({ starts }: TokenBatch): Int32Array {
  return starts.subarray(1).map((end, i) => end - (starts[i] ?? 0));
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
