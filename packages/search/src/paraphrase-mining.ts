import { type EmbeddingRows, rowCount, type SimilarityOptions, TopRows } from "@kindred/vectors";
import { expectWhole } from "./expect-options.ts";
import { RowScanner } from "./row-scanner.ts";

/** Options of {@link paraphraseMining}. Names and defaults are sentence-transformers', whose `score_function` is `similarity`. */
export type ParaphraseMiningOptions = SimilarityOptions & {
  /** At most so many pairs, the best. Default 500,000. */
  readonly maxPairs?: number;
  /** A pair counts if one is among so many rows that are most like the other. Default 100. */
  readonly topK?: number;
  /** Rows that are compared with others in one pass. Default 5,000. */
  readonly queryChunkSize?: number;
  /** Rows after which other tasks of this thread have their turn. Default 100,000. */
  readonly corpusChunkSize?: number;
  /** Stops the search between two chunks; it rejects with the signal's reason then. */
  readonly signal?: AbortSignal;
  /** Called after each chunk of queries with how many rows are done. */
  readonly onProgress?: (done: number, total: number) => void;
};

/** Two rows, the lower number first, and how alike they are. */
export type Paraphrase = { readonly score: number; readonly first: number; readonly second: number };

/**
 * The pairs of rows that are most like each other, best first: texts that say the same, when the rows are their vectors.
 *
 * A pair counts if one of the two is among the `topK` others that are most like the other one; of those pairs the best `maxPairs` are
 * given, each once. Every row is compared with every other, in time that grows with their number squared. Of equal scores the pair
 * with the lower `first` goes first, then that with the lower `second`.
 *
 * **Differs from sentence-transformers**, where `topK` holds within a chunk of the corpus and `maxPairs` counts a pair from both its ends, so that chunk
 * sizes change what is found. Here they change nothing. It takes vectors, as `paraphrase_mining_embeddings` does.
 *
 * @throws ShapeError if the array is not whole rows, or a number is NaN or infinite; ConfigError for an option that does not fit
 * @see sentence-transformers 6.2, `paraphrase_mining`
 *
 * @example
 * ```ts
 * import { paraphraseMining } from "@kindred/search";
 *
 * const rows = { embeddings: Float32Array.of(1, 0, 0, 1, 2, 0, 3, 4), dimension: 2 };
 * await paraphraseMining(rows, { maxPairs: 2 }); // => [{ score: 1.0, first: 0, second: 2 }, { score: 0.8, first: 1, second: 3 }]
 * ```
 */
export async function paraphraseMining(
  rows: EmbeddingRows,
  options: ParaphraseMiningOptions = {},
): Promise<Paraphrase[]> {
  const { maxPairs = 500_000, topK = 100, similarity = "cosine", signal, onProgress } = options;
  const { queryChunkSize = 5000, corpusChunkSize = 100_000 } = options;
  const where = "paraphraseMining";
  expectWhole(where, { maxPairs, topK, queryChunkSize, corpusChunkSize });
  const count = rowCount(where, "rows", rows);
  const { embeddings, dimension } = rows;
  const high = Math.min(queryChunkSize, Math.max(1, count));
  const chunks = { queryChunkSize: high, corpusChunkSize };
  const scanner = await RowScanner.start(where, { dimension, similarity, ...chunks, signal });
  // Each pair may be offered from both its ends. Its two offers stand beside each other in any order, so twice as many hold the best pairs.
  const pairs = new TopRows(2 * maxPairs);
  for (let from = 0; from < count; from += high) {
    const chunk = { embeddings: embeddings.subarray(from * dimension, (from + high) * dimension), dimension };
    const best = Array.from({ length: Math.min(high, count - from) }, () => new TopRows(topK));
    // `!`: there is one for each row of the chunk.
    await scanner.scan(chunk, [rows], {
      least: (query) => Math.max(best[query]!.least, pairs.least),
      found: (query, row, score) => {
        if (row !== from + query) best[query]!.offer(row, score);
      },
    });
    for (const [query, top] of best.entries()) {
      for (const { row, score } of top.ranking()) {
        const [first, second] = row < from + query ? [row, from + query] : [from + query, row];
        pairs.offer(first * count + second, score);
      }
    }
    onProgress?.(Math.min(from + high, count), count);
  }
  const found: Paraphrase[] = [];
  let last = -1;
  for (const { row: pair, score } of pairs.ranking()) {
    if (pair === last) continue;
    last = pair;
    found.push({ score, first: Math.floor(pair / count), second: pair % count });
    if (found.length === maxPairs) break;
  }
  return found;
}
