import { ShapeError } from "@kindred/errors";

/** At which ranks each retrieval metric is cut. */
export type RetrievalCuts = {
  /** Default [1, 3, 5, 10]. */
  readonly accuracyAt?: readonly number[];
  /** For precision and recall. Default [1, 3, 5, 10]. */
  readonly precisionRecallAt?: readonly number[];
  /** Default [10]. */
  readonly mrrAt?: readonly number[];
  /** Default [10]. */
  readonly ndcgAt?: readonly number[];
  /** Default [100]. */
  readonly mapAt?: readonly number[];
};

/** A metric's name and cut, `mrr@10` for instance. */
export type RetrievalMetric = `${"accuracy" | "precision" | "recall" | "mrr" | "ndcg" | "map"}@${number}`;

/** Each metric's mean over the queries that have relevant documents. */
export type RetrievalMetrics = { [metric: RetrievalMetric]: number };

/** sentence-transformers' defaults. */
const DEFAULT_CUTS: Required<RetrievalCuts> = {
  accuracyAt: [1, 3, 5, 10],
  precisionRecallAt: [1, 3, 5, 10],
  mrrAt: [10],
  ndcgAt: [10],
  mapAt: [100],
};

/** The cuts with the defaults for those that are left out, and how many documents of a ranking they look at. */
export function withDefaultCuts(cuts: RetrievalCuts): {
  readonly cuts: Required<RetrievalCuts>;
  readonly depth: number;
} {
  const all = { ...DEFAULT_CUTS, ...cuts };
  return { cuts: all, depth: Math.max(0, ...Object.values(all).flat()) };
}

/**
 * Retrieval metrics of rankings that anything has made: a model, BM25, both together.
 *
 * For a query with R relevant documents, rel(r) = 1 if the document at rank r is relevant, and h(k) = rel(1) + … +
 * rel(k):
 *
 * - accuracy@k: 1 if h(k) > 0 · precision@k: h(k)/k · recall@k: h(k)/R
 * - mrr@k: 1/r of the first relevant rank r ≤ k, else 0
 * - ndcg@k: Σ rel(r)/log₂(r + 1) over r ≤ k, divided by the same sum for min(R, k) relevant documents at the top
 * - map@k: Σ rel(r)·h(r)/r over r ≤ k, divided by min(R, k)
 *
 * each a mean over the queries with R > 0; the others are left out, and if none is left all are NaN. A relevant
 * document that no ranking holds counts in R. Equal to sentence-transformers' InformationRetrievalEvaluator.
 *
 * @param rankings each query's documents by name, best first
 * @param relevant each query's relevant documents, in any order
 * @throws ShapeError if there are not as many rankings as sets of relevant documents
 * @see Manning, Raghavan, Schütze, "Introduction to information retrieval", 2008, section 8.4
 *
 * @example
 * ```ts
 * import { rankingMetrics } from "@kindred/evaluation";
 *
 * const metrics = rankingMetrics([["a", "b", "c"]], [["b", "z"]], { mrrAt: [3], mapAt: [3] });
 * metrics["mrr@3"]; // => 0.5
 * metrics["map@3"]; // => 0.25
 * ```
 */
export function rankingMetrics(
  rankings: readonly (readonly string[])[],
  relevant: readonly Iterable<string>[],
  options: RetrievalCuts = {},
): RetrievalMetrics {
  if (rankings.length !== relevant.length) {
    throw new ShapeError(
      `rankingMetrics: not one ranking a query. Got ${rankings.length} for ${relevant.length} queries.`,
    );
  }
  const { cuts } = withDefaultCuts(options);
  const queries = rankings.flatMap((ranking, query) => {
    const wanted = new Set(relevant[query]);
    return wanted.size === 0 ? [] : [{ hits: ranking.map((document) => wanted.has(document)), wanted: wanted.size }];
  });
  const metrics: RetrievalMetrics = {};
  const measure = (name: keyof typeof rankingFormulas, ks: readonly number[]) => {
    for (const k of ks) {
      const total = queries.reduce(
        (sum, { hits, wanted }) => sum + rankingFormulas[name](hits.slice(0, k), wanted, k),
        0,
      );
      metrics[`${name}@${k}`] = total / queries.length;
    }
  };
  measure("accuracy", cuts.accuracyAt);
  measure("precision", cuts.precisionRecallAt);
  measure("recall", cuts.precisionRecallAt);
  measure("mrr", cuts.mrrAt);
  measure("ndcg", cuts.ndcgAt);
  measure("map", cuts.mapAt);
  return metrics;
}

/** Each from the first k hits and misses, the number of relevant documents, and k. */
export const rankingFormulas = {
  accuracy: (hits: readonly boolean[]) => Number(hits.includes(true)),
  precision: (hits: readonly boolean[], _: number, k: number) => count(hits) / k,
  recall: (hits: readonly boolean[], wanted: number) => count(hits) / wanted,
  mrr: (hits: readonly boolean[]) => (hits.includes(true) ? 1 / (hits.indexOf(true) + 1) : 0),
  ndcg: (hits: readonly boolean[], wanted: number, k: number) =>
    discountedGain(hits) / discountedGain(Array<boolean>(Math.min(wanted, k)).fill(true)),
  map: (hits: readonly boolean[], wanted: number, k: number) => {
    let found = 0;
    return hits.reduce((sum, hit, i) => (hit ? sum + ++found / (i + 1) : sum), 0) / Math.min(k, wanted);
  },
};

function count(hits: readonly boolean[]): number {
  return hits.filter(Boolean).length;
}

function discountedGain(hits: readonly boolean[]): number {
  return hits.reduce((sum, hit, i) => (hit ? sum + 1 / Math.log2(i + 2) : sum), 0);
}
