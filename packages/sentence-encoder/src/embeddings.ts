import type { EmbeddingRows } from "@kindred/vectors";

/** Vectors in the order of the inputs, which inputs were longer than the limit and lost their end, and the tokens of each that were read. */
export type Embeddings = EmbeddingRows & {
  readonly truncated: number[];
  /** For each input how many tokens of it were read, its prompt's and the special ones counted too. */
  readonly tokenCounts: Int32Array;
};

/**
 * Quantised vectors in the order of the inputs: `dimension` numbers a row, as many as features, or an eighth of them
 * for bits.
 */
export type QuantizedEmbeddings<Numbers extends Int8Array | Uint8Array = Int8Array | Uint8Array> = {
  readonly embeddings: Numbers;
  readonly dimension: number;
  readonly truncated: number[];
  /** As of {@link Embeddings}. */
  readonly tokenCounts: Int32Array;
};

/** A vector for every token of every input, before pooling. */
export type TokenEmbeddings = {
  /** For each input tokens × dimension numbers, `<s>` and `</s>` included. */
  readonly tokenEmbeddings: Float32Array[];
  /** For each input the ids of its tokens. */
  readonly tokenIds: Int32Array[];
  readonly dimension: number;
  readonly truncated: number[];
};
