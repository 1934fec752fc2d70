import { type EmbeddingRows, expectSameRows } from "./embedding-rows.ts";
import { cosineOf, dotProduct, negativeDistance, rowNorms, type Similarity } from "./similarity.ts";

/** Which similarity to take. */
export type SimilarityOptions = {
  /** Default "cosine". */
  readonly similarity?: Similarity;
};

/**
 * The similarity of row i of one set to row i of another, for each i, in float64.
 *
 * Equal to the diagonal of `similarityMatrix` to the last bit. No rows give an empty array.
 *
 * @throws ShapeError if the sets have different numbers of rows or dimensions
 *
 * @example
 * ```ts
 * import { pairSimilarities } from "@kindred/evaluation";
 *
 * const a = { embeddings: Float32Array.of(1, 0, 3, 4), dimension: 2 };
 * const b = { embeddings: Float32Array.of(2, 0, 4, 3), dimension: 2 };
 * pairSimilarities(a, b); // => [1.0, 0.96]
 * ```
 */
export function pairSimilarities(
  first: EmbeddingRows,
  second: EmbeddingRows,
  { similarity = "cosine" }: SimilarityOptions = {},
): Float64Array {
  const count = expectSameRows("pairSimilarities", { first, second });
  const { dimension } = first;
  const [firstNorms, secondNorms] =
    similarity === "cosine" ? [first, second].map(({ embeddings }) => rowNorms(embeddings, dimension)) : [];
  return Float64Array.from({ length: count }, (_, row) => {
    const start = row * dimension;
    const pair = { a: first.embeddings, aStart: start, b: second.embeddings, bStart: start };
    if (similarity === "euclidean" || similarity === "manhattan") return negativeDistance(pair, dimension, similarity);
    const dot = dotProduct(pair, dimension);
    return similarity === "dot" ? dot : cosineOf(dot, firstNorms![row]!, secondNorms![row]!);
  });
}
