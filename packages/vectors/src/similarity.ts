import { type EmbeddingRows, expectSameRows, rowCount } from "./embedding-rows.ts";

/**
 * How alike two embeddings are; the larger the more, under each of the names that a model folder's `similarity_fn_name`
 * may have.
 *
 * - `cosine`: a·b / (|a| |b|), 0 if either is zero
 * - `dot`: a·b
 * - `euclidean`: −|a − b|₂
 * - `manhattan`: −|a − b|₁
 */
export type Similarity = "cosine" | "dot" | "euclidean" | "manhattan";

/** Every similarity, the usual one first. */
export const similarities: readonly Similarity[] = ["cosine", "dot", "euclidean", "manhattan"];

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
 * import { pairSimilarities } from "@kindred/vectors";
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
  return Float64Array.from({ length: count }, (_, row) => {
    const start = row * dimension;
    const pair = { a: first.embeddings, aStart: start, b: second.embeddings, bStart: start };
    if (similarity === "euclidean" || similarity === "manhattan") return negativeDistance(pair, dimension, similarity);
    const dot = dotProduct(pair, dimension);
    if (similarity === "dot") return dot;
    return cosineOf(dot, rowNorm(first, row), rowNorm(second, row));
  });
}

/**
 * What gives the similarity of a row, by its number, and a vector, in float64: for many vectors that come one by one.
 *
 * Equal to what `similarityMatrix` gives to the last bit.
 *
 * @throws ShapeError for an array that is not whole rows
 *
 * @example
 * ```ts
 * import { similarityTo } from "@kindred/vectors";
 *
 * const similarity = similarityTo({ embeddings: Float32Array.of(1, 0, 0, 1), dimension: 2 });
 * similarity(1, Float32Array.of(3, 4)); // => 0.8
 * ```
 */
export function similarityTo(
  rows: EmbeddingRows,
  { similarity = "cosine" }: SimilarityOptions = {},
): (row: number, vector: Float32Array) => number {
  const { embeddings: a, dimension } = rows;
  const count = rowCount("similarityTo", "rows", rows);
  const pairOf = (row: number, b: Float32Array) => ({ a, aStart: row * dimension, b, bStart: 0 });
  if (similarity === "euclidean" || similarity === "manhattan")
    return (row, vector) => negativeDistance(pairOf(row, vector), dimension, similarity);
  if (similarity === "dot") return (row, vector) => dotProduct(pairOf(row, vector), dimension);
  const norms = Float64Array.from({ length: count }, (_, row) => rowNorm(rows, row));
  return (row, vector) => {
    const norm = rowNorm({ embeddings: vector, dimension }, 0);
    return cosineOf(dotProduct(pairOf(row, vector), dimension), norms[row] ?? NaN, norm);
  };
}

/** Where two rows begin, each in its own array. */
export type RowPair = {
  readonly a: Float32Array;
  readonly aStart: number;
  readonly b: Float32Array;
  readonly bStart: number;
};

/** Σ aᵢbᵢ in float64, from the first element to the last. */
export function dotProduct({ a, aStart, b, bStart }: RowPair, dimension: number): number {
  let sum = 0;
  // `!`: both rows are whole, as rowCount has seen.
  for (let i = 0; i < dimension; i++) sum += a[aStart + i]! * b[bStart + i]!;
  return sum;
}

/** −√Σ(aᵢ − bᵢ)² or −Σ|aᵢ − bᵢ| in float64, from the first element to the last. */
export function negativeDistance(
  { a, aStart, b, bStart }: RowPair,
  dimension: number,
  similarity: "euclidean" | "manhattan",
): number {
  let sum = 0;
  // `!`: both rows are whole, as rowCount has seen.
  if (similarity === "manhattan") {
    for (let i = 0; i < dimension; i++) sum += Math.abs(a[aStart + i]! - b[bStart + i]!);
    return -sum;
  }
  for (let i = 0; i < dimension; i++) sum += (a[aStart + i]! - b[bStart + i]!) ** 2;
  return -Math.sqrt(sum);
}

/** a·b / (|a| |b|), and 0 where a length is 0; NaN stays NaN. */
export function cosineOf(dot: number, normA: number, normB: number): number {
  return normA === 0 || normB === 0 ? 0 : dot / (normA * normB);
}

/** The Euclidean length of a row. */
export function rowNorm({ embeddings, dimension }: EmbeddingRows, row: number): number {
  const start = row * dimension;
  return Math.sqrt(dotProduct({ a: embeddings, aStart: start, b: embeddings, bStart: start }, dimension));
}
