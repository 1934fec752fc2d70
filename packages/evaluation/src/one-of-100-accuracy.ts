import { type EmbeddingRows, expectSameRows, type SimilarityOptions, similarityMatrix } from "@kindred/vectors";
import { pairRanks, type TieOptions } from "./pair-ranks.ts";

/** Row i of each belongs to pair i. */
export type ResponsePairs = {
  /** Embeddings of the contexts (comments, questions). */
  readonly contexts: EmbeddingRows;
  /** Embeddings of the responses that people gave to them. */
  readonly responses: EmbeddingRows;
};

/** How large the batches are, and what decides. */
export type OneOf100Options = SimilarityOptions &
  TieOptions & {
    /** How many pairs compete. Default 100, which gives the metric its name. */
    readonly batchSize?: number;
  };

/** The share of contexts that found their response, and what it was counted over. */
export type OneOf100Result = {
  /** From 0 to 1; published figures are 100 times this. NaN if there is no whole batch. */
  readonly accuracy: number;
  /** How many whole batches there were. */
  readonly batches: number;
  /** How many pairs at the end were too few for another batch. */
  readonly dropped: number;
};

/**
 * 1-of-100 accuracy: for each context of a batch of 100 pairs, is its own response the most similar of the batch's 100?
 *
 * Batches are the pairs in their order, a partial one at the end is dropped. A text that stands twice in a batch makes
 * a question without an answer: order the pairs with `distinctBatches` first. Chance is 1/100. The reference
 * implementation takes the first of equal responses (`ties: "id"`).
 *
 * @throws ShapeError if there are not as many contexts as responses, or their dimensions differ
 * @see Henderson et al., "A repository of conversational datasets", 2019, section 4
 *
 * @example
 * ```ts
 * import { oneOf100Accuracy } from "@kindred/evaluation";
 *
 * const rows = (...embeddings: number[]) => ({ embeddings: Float32Array.from(embeddings), dimension: 2 });
 * const pairs = { contexts: rows(1, 0, 0, 1, 1, 1), responses: rows(2, 1, 1, 2, 9, 9) };
 * oneOf100Accuracy(pairs, { batchSize: 2 }); // => { accuracy: 1, batches: 1, dropped: 1 }
 * ```
 */
export function oneOf100Accuracy(
  { contexts, responses }: ResponsePairs,
  { batchSize = 100, similarity = "cosine", ties = "pessimistic" }: OneOf100Options = {},
): OneOf100Result {
  const count = expectSameRows("oneOf100Accuracy", { contexts, responses });
  const { dimension } = contexts;
  const batches = Math.floor(count / batchSize);
  let right = 0;
  for (let batch = 0; batch < batches; batch++) {
    const cut = ({ embeddings }: EmbeddingRows): EmbeddingRows => ({
      embeddings: embeddings.subarray(batch * batchSize * dimension, (batch + 1) * batchSize * dimension),
      dimension,
    });
    const ranks = pairRanks(similarityMatrix(cut(contexts), cut(responses), { similarity }), { ties });
    right += ranks.filter((rank) => rank === 1).length;
  }
  return { accuracy: right / (batches * batchSize), batches, dropped: count - batches * batchSize };
}
