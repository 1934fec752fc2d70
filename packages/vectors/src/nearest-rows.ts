import { type EmbeddingRows, expectSameDimension, rowCount } from "./embedding-rows.ts";
import type { SimilarityOptions } from "./similarity.ts";
import { similarityMatrix } from "./similarity-matrix.ts";
import { type RankedRow, TopRows } from "./top-rows.ts";

/** How many queries and candidates have their scores in memory at a time: 4 MB. */
const queryBlock = 64;
const candidateBlock = 8192;

/** What to look for. */
export type NearestRowsOptions = SimilarityOptions & {
  /** At most so many rows for each query. Default 10. */
  readonly count?: number;
  /** The place of each candidate among equals, all different; lower goes first. Default: its number. */
  readonly places?: ArrayLike<number>;
};

/**
 * For each query the candidates that are most like it, best first; all of them, if there are fewer than `count`.
 *
 * Every candidate is compared (no index is built), in float64, in blocks: no queries × candidates matrix is held. Of equal
 * scores the lower place goes first, and a score that is NaN comes last, as −∞.
 *
 * @throws ShapeError if the sets are not whole rows of one dimension
 *
 * @example
 * ```ts
 * import { nearestRows } from "@kindred/vectors";
 *
 * const queries = { embeddings: Float32Array.of(1, 0), dimension: 2 };
 * const candidates = { embeddings: Float32Array.of(0, 1, 1, 0, 3, 4), dimension: 2 };
 * nearestRows(queries, candidates, { count: 2 }); // => [[{ row: 1, score: 1.0 }, { row: 2, score: 0.6 }]]
 * ```
 */
export function nearestRows(
  queries: EmbeddingRows,
  candidates: EmbeddingRows,
  { count = 10, places, similarity = "cosine" }: NearestRowsOptions = {},
): RankedRow[][] {
  const candidateCount = rowCount("nearestRows", "candidates", candidates);
  const best = Array.from({ length: rowCount("nearestRows", "queries", queries) }, () => new TopRows(count));
  expectSameDimension("nearestRows", { queries, candidates });
  for (let from = 0; from < best.length; from += queryBlock) {
    const block = rowsFrom(queries, from, queryBlock);
    for (let first = 0; first < candidateCount; first += candidateBlock) {
      const { scores, columns } = similarityMatrix(block, rowsFrom(candidates, first, candidateBlock), { similarity });
      for (const [i, top] of best.slice(from, from + queryBlock).entries()) {
        for (const [j, score] of scores.subarray(i * columns, (i + 1) * columns).entries()) {
          top.offer(first + j, score, places?.[first + j]);
        }
      }
    }
  }
  return best.map((top) => top.ranking());
}

function rowsFrom({ embeddings, dimension }: EmbeddingRows, first: number, count: number): EmbeddingRows {
  return { embeddings: embeddings.subarray(first * dimension, (first + count) * dimension), dimension };
}
