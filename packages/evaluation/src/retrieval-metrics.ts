import { ShapeError } from "@kindred/errors";
import {
  type EmbeddingRows,
  expectSameDimension,
  nearestRows,
  rowCount,
  type SimilarityOptions,
} from "@kindred/vectors";
import { type RetrievalCuts, type RetrievalMetrics, rankingMetrics, withDefaultCuts } from "./ranking-metrics.ts";

/** Queries, documents, and which of these each query wants. */
export type RetrievalTask = {
  /** Embeddings of the queries. */
  readonly queries: EmbeddingRows;
  /** Embeddings of the documents. */
  readonly corpus: EmbeddingRows;
  /**
   * The names of each query's relevant documents. Queries without any are left out; names that the corpus has not count
   * as not found.
   */
  readonly relevant: readonly Iterable<string>[];
  /** The documents' names, each once; they decide ties. Default "0", "1", …. */
  readonly corpusIds?: readonly string[];
};

/**
 * How well the nearest documents of each query are the relevant ones: accuracy, precision, recall, MRR, nDCG and MAP,
 * as `rankingMetrics` defines them.
 *
 * Documents are ordered by similarity, equal ones by name, ascending by UTF-16 unit, as sentence-transformers 6 orders
 * them (older versions leave ties to chance). A similarity that is NaN comes last. Similarities are float64 where
 * sentence-transformers has float32. No n × m matrix is held.
 *
 * @throws ShapeError if there are not as many sets of relevant documents as queries, or names as documents, or a name
 *   stands twice
 *
 * @example
 * ```ts
 * import { retrievalMetrics } from "@kindred/evaluation";
 *
 * const metrics = retrievalMetrics({
 *   queries: { embeddings: Float32Array.of(1, 0), dimension: 2 },
 *   corpus: { embeddings: Float32Array.of(0, 1, 1, 0.5, 1, 0), dimension: 2 },
 *   relevant: [["b"]],
 *   corpusIds: ["a", "b", "c"],
 * });
 * metrics["accuracy@1"]; // => 0
 * metrics["mrr@10"]; // => 0.5
 * ```
 */
export function retrievalMetrics(
  { queries, corpus, relevant, corpusIds }: RetrievalTask,
  { similarity = "cosine", ...cuts }: SimilarityOptions & RetrievalCuts = {},
): RetrievalMetrics {
  const queryCount = rowCount("retrievalMetrics", "queries", queries);
  const documentCount = rowCount("retrievalMetrics", "corpus", corpus);
  expectSameDimension("retrievalMetrics", { queries, corpus });
  const names = corpusIds ?? Array.from({ length: documentCount }, (_, i) => String(i));
  if (relevant.length !== queryCount || names.length !== documentCount || new Set(names).size !== documentCount) {
    throw new ShapeError(
      `retrievalMetrics: names do not match rows. Got ${relevant.length} sets of relevant documents and ${names.length} names (${new Set(names).size} different) ` +
        `for ${queryCount} queries and ${documentCount} documents, expected one each.`,
    );
  }
  const { depth } = withDefaultCuts(cuts);
  const found = nearestRows(queries, corpus, { count: depth, places: placesInOrder(names), similarity });
  // `!`: there is a name for every document, as was just checked.
  return rankingMetrics(
    found.map((ranking) => ranking.map(({ row }) => names[row]!)),
    relevant,
    cuts,
  );
}

/** The place of each name when all are sorted, so that ties are decided by comparing numbers. */
function placesInOrder(names: readonly string[]): Uint32Array {
  const sorted = [...names.entries()].sort(([, one], [, other]) => (one < other ? -1 : 1));
  const places = new Uint32Array(names.length);
  for (const [place, [index]] of sorted.entries()) places[index] = place;
  return places;
}
