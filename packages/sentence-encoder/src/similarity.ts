import { ShapeError } from "@kindred/errors";

/** The names of `similarity_fn_name` in a model folder. */
export type SimilarityFunction = "cosine" | "dot" | "euclidean" | "manhattan";

/** All names of {@link SimilarityFunction}. */
export const similarityFunctions: readonly SimilarityFunction[] = ["cosine", "dot", "euclidean", "manhattan"];

/** Vectors end to end: row i is `embeddings[i·dimension … (i+1)·dimension)`. */
export type EmbeddingRows = { readonly embeddings: Float32Array; readonly dimension: number };

/**
 * The similarity of every row of `a` with every row of `b`: `"rowsA rowsB"`, end to end. Larger is more alike: the two
 * distances are negated, as in sentence-transformers. A zero vector has cosine 0 with everything. Sums are in float64.
 *
 * @throws {@link ShapeError} where the dimensions differ.
 * @see sentence-transformers, `util/similarity.py`
 *
 * @example
 * ```ts
 * import { similarity } from "@kindred/sentence-encoder";
 *
 * const a = { embeddings: Float32Array.of(3, 4), dimension: 2 };
 * const b = { embeddings: Float32Array.of(4, 3, 0, 1), dimension: 2 };
 * similarity(a, b, "cosine"); // => [0.96, 0.80]
 * similarity(a, b, "manhattan"); // => [-2, -6]
 * ```
 */
export function similarity(a: EmbeddingRows, b: EmbeddingRows, name: SimilarityFunction): Float32Array {
  if (a.dimension !== b.dimension) {
    throw new ShapeError(
      `similarity: dimensions differ. Got ${a.dimension} and ${b.dimension}. Were the vectors made by one model?`,
    );
  }
  const { dimension } = a;
  const compare = comparison[name];
  const rowsA = a.embeddings.length / dimension;
  const rowsB = b.embeddings.length / dimension;
  const result = new Float32Array(rowsA * rowsB);
  for (let i = 0; i < rowsA; i++) {
    const x = a.embeddings.subarray(i * dimension, (i + 1) * dimension);
    for (let j = 0; j < rowsB; j++)
      result[i * rowsB + j] = compare(x, b.embeddings.subarray(j * dimension, (j + 1) * dimension));
  }
  return result;
}

const comparison: { readonly [Name in SimilarityFunction]: (x: Float32Array, y: Float32Array) => number } = {
  cosine: (x, y) => dot(x, y) / Math.max(Math.sqrt(dot(x, x) * dot(y, y)), Number.MIN_VALUE),
  dot,
  euclidean: (x, y) => -Math.sqrt(x.reduce((sum, value, i) => sum + (value - y[i]!) ** 2, 0)),
  manhattan: (x, y) => -x.reduce((sum, value, i) => sum + Math.abs(value - y[i]!), 0),
};

function dot(x: Float32Array, y: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i]! * y[i]!;
  return sum;
}
