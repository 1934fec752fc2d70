import { type EmbeddingRows, type RankedRow, rowCount, type SimilarityOptions, TopRows } from "@kindred/vectors";
import { expectWhole } from "./expect-options.ts";
import { RowScanner } from "./row-scanner.ts";

/** Options of {@link semanticSearch}. Names and defaults are sentence-transformers', whose `score_function` is `similarity`. */
export type SemanticSearchOptions = SimilarityOptions & {
  /** At most so many rows for each query. Default 10. */
  readonly topK?: number;
  /** Queries that are compared in one pass over a chunk of the corpus. Default 100. */
  readonly queryChunkSize?: number;
  /** Rows of the corpus after which other tasks of this thread have their turn. Default 500,000. */
  readonly corpusChunkSize?: number;
  /** Stops the search between two chunks; it rejects with the signal's reason then. */
  readonly signal?: AbortSignal;
};

/**
 * For each query the rows of the corpus that are most like it, best first; all of them, if there are fewer than `topK`.
 *
 * Every row is compared (no index is built), and what is given are exactly the rows and the float64 scores that sorting all of
 * `similarityMatrix` gives: of equal scores the row with the lower number goes first. A corpus may come in pieces, from a file say, so that no more than
 * one is in memory; rows are numbered through all of them. Chunk sizes change no result.
 *
 * **Differs from sentence-transformers:** scores are float64, ties are decided, NaN is refused, and a hit is `{ row, score }`.
 *
 * @throws ShapeError if the sets are not whole rows of one dimension, or a number is NaN or infinite; ConfigError for an option that does not fit
 * @see sentence-transformers 6.2, `semantic_search`
 *
 * @example
 * ```ts
 * import { semanticSearch } from "@kindred/search";
 *
 * const queries = { embeddings: Float32Array.of(1, 0), dimension: 2 };
 * const corpus = { embeddings: Float32Array.of(0, 1, 1, 0, 3, 4), dimension: 2 };
 * await semanticSearch(queries, corpus, { topK: 2 }); // => [[{ row: 1, score: 1.0 }, { row: 2, score: 0.6 }]]
 * ```
 */
export async function semanticSearch(
  queries: EmbeddingRows,
  corpus: EmbeddingRows | AsyncIterable<EmbeddingRows> | Iterable<EmbeddingRows>,
  options: SemanticSearchOptions = {},
): Promise<RankedRow[][]> {
  const { topK = 10, queryChunkSize = 100, corpusChunkSize = 500_000, similarity = "cosine", signal } = options;
  const where = "semanticSearch";
  expectWhole(where, { topK, queryChunkSize, corpusChunkSize });
  const count = rowCount(where, "queries", queries);
  const best = Array.from({ length: count }, () => new TopRows(topK));
  const { dimension } = queries;
  const chunks = { queryChunkSize: Math.min(queryChunkSize, Math.max(1, count)), corpusChunkSize };
  const scanner = await RowScanner.start(where, { dimension, similarity, ...chunks, signal });
  // `!`: there is one for each query.
  await scanner.scan(queries, "embeddings" in corpus ? [corpus] : corpus, {
    least: (query) => best[query]!.least,
    found: (query, row, score) => best[query]!.offer(row, score),
  });
  return best.map((top) => top.ranking());
}
