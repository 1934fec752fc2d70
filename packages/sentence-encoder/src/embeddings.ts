import type { EmbeddingRows } from "@kindred/vectors";

/** Vectors in the order of the inputs, and which inputs were longer than the limit and lost their end. */
export type Embeddings = EmbeddingRows & { readonly truncated: number[] };

/**
 * Quantised vectors in the order of the inputs: `dimension` numbers a row, as many as features, or an eighth of them
 * for bits.
 */
export type QuantizedEmbeddings<Numbers extends Int8Array | Uint8Array = Int8Array | Uint8Array> = {
  readonly embeddings: Numbers;
  readonly dimension: number;
  readonly truncated: number[];
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
