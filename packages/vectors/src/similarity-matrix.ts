import { type EmbeddingRows, expectSameDimension, rowCount } from "./embedding-rows.ts";
import { cosineOf, dotProduct, negativeDistance, rowNorm, type SimilarityOptions } from "./similarity.ts";

/** A score for every query and candidate: that of query i and candidate j is `scores[i·columns + j]`. */
export type ScoreMatrix = {
  /** rows × columns scores, the larger the better. */
  readonly scores: Float64Array;
  /** How many queries. */
  readonly rows: number;
  /** How many candidates. */
  readonly columns: number;
};

/**
 * The similarity of every row of one set to every row of another, in float64.
 *
 * Each score is summed in the same order wherever it stands, so that equal candidates have equal scores, and a tie is a
 * tie.
 *
 * @throws ShapeError if the sets are not whole rows of one dimension
 *
 * @example
 * ```ts
 * import { similarityMatrix } from "@kindred/vectors";
 *
 * const queries = { embeddings: Float32Array.of(1, 0), dimension: 2 };
 * const candidates = { embeddings: Float32Array.of(2, 0, 0, 5, -1, 0), dimension: 2 };
 * similarityMatrix(queries, candidates).scores; // => [1, 0, -1]
 * ```
 */
export function similarityMatrix(
  queries: EmbeddingRows,
  candidates: EmbeddingRows,
  { similarity = "cosine" }: SimilarityOptions = {},
): ScoreMatrix {
  const rows = rowCount("similarityMatrix", "queries", queries);
  const columns = rowCount("similarityMatrix", "candidates", candidates);
  expectSameDimension("similarityMatrix", { queries, candidates });
  const { dimension } = queries;
  if (similarity === "cosine" || similarity === "dot") {
    const matrix = { scores: dotMatrix(queries, candidates), rows, columns };
    if (similarity === "cosine") divideByNorms(matrix, queries, candidates);
    return matrix;
  }
  const scores = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const pair = { a: queries.embeddings, aStart: i * dimension, b: candidates.embeddings, bStart: j * dimension };
      scores[i * columns + j] = negativeDistance(pair, dimension, similarity);
    }
  }
  return { scores, rows, columns };
}

/**
 * All dot products, four candidates of two queries at a time: eight sums, each in its own order, keep the processor's
 * adders busy.
 */
function dotMatrix({ embeddings: a, dimension }: EmbeddingRows, { embeddings: b }: EmbeddingRows): Float64Array {
  const [rows, columns] = [a.length / dimension, b.length / dimension];
  const [wholeRows, wholeColumns] = [rows - (rows % 2), columns - (columns % 4)];
  const scores = new Float64Array(rows * columns);
  for (let i = 0; i < wholeRows; i += 2) {
    for (let j = 0; j < wholeColumns; j += 4) dotBlock(a, i, b, j, dimension, scores, columns);
  }
  for (let i = 0; i < rows; i++) {
    for (let j = i < wholeRows ? wholeColumns : 0; j < columns; j++) {
      scores[i * columns + j] = dotProduct({ a, aStart: i * dimension, b, bStart: j * dimension }, dimension);
    }
  }
  return scores;
}

function dotBlock(
  a: Float32Array,
  row: number,
  b: Float32Array,
  column: number,
  dimension: number,
  scores: Float64Array,
  columns: number,
): void {
  const [a0, a1] = [row * dimension, (row + 1) * dimension];
  const b0 = column * dimension;
  const [b1, b2, b3] = [b0 + dimension, b0 + 2 * dimension, b0 + 3 * dimension];
  let s00 = 0;
  let s01 = 0;
  let s02 = 0;
  let s03 = 0;
  let s10 = 0;
  let s11 = 0;
  let s12 = 0;
  let s13 = 0;
  // `!`: all six rows are whole, as rowCount has seen.
  for (let k = 0; k < dimension; k++) {
    const x0 = a[a0 + k]!;
    const x1 = a[a1 + k]!;
    const y0 = b[b0 + k]!;
    const y1 = b[b1 + k]!;
    const y2 = b[b2 + k]!;
    const y3 = b[b3 + k]!;
    s00 += x0 * y0;
    s01 += x0 * y1;
    s02 += x0 * y2;
    s03 += x0 * y3;
    s10 += x1 * y0;
    s11 += x1 * y1;
    s12 += x1 * y2;
    s13 += x1 * y3;
  }
  scores.set([s00, s01, s02, s03], row * columns + column);
  scores.set([s10, s11, s12, s13], (row + 1) * columns + column);
}

function divideByNorms(
  { scores, rows, columns }: ScoreMatrix,
  queries: EmbeddingRows,
  candidates: EmbeddingRows,
): void {
  const candidateNorms = Float64Array.from({ length: columns }, (_, j) => rowNorm(candidates, j));
  for (let i = 0; i < rows; i++) {
    const queryNorm = rowNorm(queries, i);
    const row = scores.subarray(i * columns, (i + 1) * columns);
    for (const [j, norm] of candidateNorms.entries()) row[j] = cosineOf(row[j]!, queryNorm, norm); // `!`: one score a candidate
  }
}
