import type { ScoreMatrix } from "@kindred/vectors";
import { rankingFormulas } from "./ranking-metrics.ts";
import { rightRanks } from "./right-ranks.ts";

/** Each query's own value of every metric: their mean is the metric. */
export type PoolValues = { readonly [metric in "mrr@10" | "accuracy@1" | "recall@10" | "ndcg@10"]: readonly number[] };

/**
 * What each query of a pool reaches, from the similarity of every query and candidate: mrr, recall and ndcg, cut at 10, and whether a right
 * answer is the first. As `rankingMetrics` defines them, but ties count against the model, and one value a query instead of their mean.
 *
 * @param right the right candidates of each query, by their numbers
 * @throws ShapeError as `pairRanks`
 *
 * @example
 * ```ts
 * import { poolValues } from "@kindred/evaluation";
 *
 * const matrix = { scores: Float64Array.of(0.9, 0.1, 0.8, 0.5, 0.4, 0.3), rows: 2, columns: 3 };
 * const values = poolValues(matrix, [[0, 1], [1]]);
 * values["mrr@10"]; // => [1, 0.5]
 * values["accuracy@1"]; // => [1, 0]
 * values["recall@10"]; // => [1, 1]
 * ```
 */
export function poolValues(matrix: ScoreMatrix, right: readonly (readonly number[])[]): PoolValues {
  const queries = rightRanks(matrix, right).map((ranks) => {
    const hits = Array<boolean>(10).fill(false);
    for (const rank of ranks) if (rank <= hits.length) hits[rank - 1] = true;
    return { hits, wanted: ranks.length };
  });
  const each = (name: keyof typeof rankingFormulas, k: number) =>
    queries.map(({ hits, wanted }) => rankingFormulas[name](hits.slice(0, k), wanted, k));
  return {
    "mrr@10": each("mrr", 10),
    "accuracy@1": each("accuracy", 1),
    "recall@10": each("recall", 10),
    "ndcg@10": each("ndcg", 10),
  };
}
