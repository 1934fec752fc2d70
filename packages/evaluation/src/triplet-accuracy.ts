import { type EmbeddingRows, expectSameRows, pairSimilarities, type SimilarityOptions } from "@kindred/vectors";

/** Row i of each belongs to triplet i. */
export type Triplets = {
  readonly anchors: EmbeddingRows;
  readonly positives: EmbeddingRows;
  readonly negatives: EmbeddingRows;
};

/** What counts as right. */
export type TripletOptions = SimilarityOptions & {
  /** How much more alike the positive must be, in the similarity's own units. Default 0. */
  readonly margin?: number;
};

/**
 * The share of triplets whose anchor is more like its positive than like its negative.
 *
 *     mean over i of [sim(anchorᵢ, positiveᵢ) > sim(anchorᵢ, negativeᵢ) + margin]
 *
 * A tie is wrong, and so is NaN. No triplets give NaN. As sentence-transformers' TripletEvaluator.
 *
 * @throws ShapeError if the three have different numbers of rows or dimensions
 *
 * @example
 * ```ts
 * import { tripletAccuracy } from "@kindred/evaluation";
 *
 * const rows = (...embeddings: number[]) => ({ embeddings: Float32Array.from(embeddings), dimension: 2 });
 * const triplets = { anchors: rows(1, 0, 1, 0), positives: rows(1, 0.1, 0, 1), negatives: rows(0, 1, 1, 0) };
 * tripletAccuracy(triplets); // => 0.5
 * ```
 */
export function tripletAccuracy(
  { anchors, positives, negatives }: Triplets,
  { similarity = "cosine", margin = 0 }: TripletOptions = {},
): number {
  const count = expectSameRows("tripletAccuracy", { anchors, positives, negatives });
  const toPositive = pairSimilarities(anchors, positives, { similarity });
  const toNegative = pairSimilarities(anchors, negatives, { similarity });
  // `!`: there are as many of both, as expectSameRows has seen.
  return toPositive.reduce((sum, score, i) => sum + Number(score > toNegative[i]! + margin), 0) / count;
}
