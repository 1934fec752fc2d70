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

/** The Euclidean length of every row. */
export function rowNorms(embeddings: Float32Array, dimension: number): Float64Array {
  return Float64Array.from({ length: embeddings.length / dimension }, (_, row) => {
    const start = row * dimension;
    return Math.sqrt(dotProduct({ a: embeddings, aStart: start, b: embeddings, bStart: start }, dimension));
  });
}
