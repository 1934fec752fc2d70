import { type EmbeddingRows, type Similarity, similarityTo } from "@kindred/vectors";

/** Queries as kernels take them, and what their float32 scores say of exact ones. */
export type PreparedQueries = {
  /** What `scoreRows` compares by. */
  readonly kind: 0 | 1 | 2;
  /** Whether scores are to be divided by the rows' lengths. */
  readonly byRowNorm: boolean;
  /** Those that kernels take. */
  readonly vectors: Float32Array;
  /**
   * The kernel's score from which on a row's exact one may be `least` or more; below it, it is not. NaN and −∞ pass all.
   *
   * @param largestNorm of the rows; read where `kind` is 0 and `byRowNorm` false
   */
  readonly threshold: (query: number, least: number, largestNorm: number) => number;
  /** The similarity to a row in float64, as `similarityMatrix` gives it. */
  readonly exact: (query: number, row: Float32Array) => number;
};

/** Half a step of float32 at 1: the largest relative error of one rounding. */
const rounding = 2 ** -24;

/**
 * Queries made ready.
 *
 * With u a rounding and m the most of them in a row (a fourth of the dimension and some), a sum Σ aᵢbᵢ in float32 is at most m·u·Σ |aᵢbᵢ| ≤
 * m·u·|a||b| from the true one, and one of squares or magnitudes m·u of itself. Thresholds allow for more than twice that: for the
 * rounding of divided queries, of rows' lengths and of the thresholds. What underflows is below 10⁻³⁷ in all.
 *
 * @see Higham, "Accuracy and stability of numerical algorithms", 2002, section 3.1
 */
export function prepareQueries(queries: EmbeddingRows, similarity: Similarity): PreparedQueries {
  const { embeddings, dimension } = queries;
  const queryOf = (query: number) => embeddings.subarray(query * dimension, (query + 1) * dimension);
  const error = (dimension / 2 + 40) * rounding;
  const down = (value: number) => value - Math.abs(value) * 2 * rounding - 1e-37; // it is rounded to float32 once more
  const exact = similarityTo(queries, { similarity });
  if (similarity === "euclidean" || similarity === "manhattan") {
    const power = similarity === "euclidean" ? 2 : 1;
    return {
      ...{ kind: power === 2 ? 1 : 2, byRowNorm: false, vectors: embeddings, exact },
      threshold: (_, least) => down(-((-least) ** power) * (1 + error)),
    };
  }
  const norms = Float64Array.from({ length: embeddings.length / dimension }, (_, query) => norm(queryOf(query)));
  if (similarity === "dot") {
    return {
      ...{ kind: 0, byRowNorm: false, vectors: embeddings, exact },
      // Squares below 10⁻³⁷ may have vanished from a norm. `!`: one for each query.
      threshold: (query, least, largestNorm) => down(least - error * norms[query]! * Math.max(largestNorm, 1e-15)),
    };
  }
  // `!`: one for each query.
  const vectors = embeddings.map((value, i) => value / (norms[Math.floor(i / dimension)]! || 1));
  return { ...{ kind: 0, byRowNorm: true, vectors, exact }, threshold: (_, least) => down(least - error) };
}

function norm(vector: Float32Array): number {
  return Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
}
