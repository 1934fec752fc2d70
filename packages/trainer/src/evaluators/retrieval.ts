import type { TextRow } from "@kindred/datasets";
import { bm25Index, chanceMrr, poolValues } from "@kindred/evaluation";
import { type ScoreMatrix, similarityMatrix } from "@kindred/vectors";
import { type EvaluationTask, type Measured, meanOf, type Metrics, type Pool } from "./evaluation-task.ts";

/** Queries of a pool. */
const poolSize = 500;

/**
 * Finding documents: the first text of a row is the query, the second a right answer of it. Every query is measured, once: rows of one query
 * give it several right answers, and a document that answers several queries stands once in their pool. 500 queries, in their order,
 * make a pool; what is left over joins the last one.
 */
export function retrieval(name: string, rows: readonly Pick<TextRow, "texts">[]): EvaluationTask | undefined {
  const pools = poolsOf(rows.map(({ texts }) => texts));
  const sum = (of: "queries" | "candidates") => pools.reduce((total, pool) => total + pool[of].length, 0);
  const [measured, documents, [shown]] = [sum("queries"), sum("candidates"), pools];
  if (Math.min(measured, documents) < 2 || shown === undefined) return undefined;
  return {
    ...{ name, evaluator: "retrieval", metrics: ["mrr@10", "accuracy@1", "recall@10", "ndcg@10"] },
    ...{ measured, unit: "queries", documents, shown },
    measure: async (encode) => {
      const values = new QueryValues();
      for (const { queries, candidates, right } of pools) {
        const [asked, found] = [await encode(queries, 0), await encode(candidates, 1)];
        values.add(similarityMatrix(asked, found, { similarity: "cosine" }), right);
      }
      return values.measured();
    },
    levels: () => {
      const values = new QueryValues();
      for (const { queries, candidates, right } of pools) values.add(bm25Index(candidates).scoreMatrix(queries), right);
      const bm25 = Object.fromEntries(Object.entries(values.measured()).map(([metric, { value }]) => [metric, value]));
      return { bm25, chance: chanceOf(pools, measured) };
    },
  };
}

/** What every query reaches, pool after pool. */
class QueryValues {
  readonly #values = new Map<string, number[]>();

  add(matrix: ScoreMatrix, right: Pool["right"]): void {
    for (const [metric, values] of Object.entries(poolValues(matrix, right)))
      this.#values.set(metric, [...(this.#values.get(metric) ?? []), ...values]);
  }

  measured(): Measured {
    return Object.fromEntries([...this.#values].map(([metric, values]) => [metric, meanOf(values)]));
  }
}

/** What a random order is expected to reach: of r right answers among n, each stands within the first k with chance k/n. */
function chanceOf(pools: readonly Pool[], queries: number): Metrics {
  const mean = (level: (size: number, right: number) => number) =>
    pools.reduce(
      (sum, { candidates, right }) => right.reduce((of, { length }) => of + level(candidates.length, length), sum),
      0,
    ) / queries;
  return {
    "mrr@10": mean((size, right) => chanceMrr(size, { right })),
    "accuracy@1": mean((size, right) => right / size),
    "recall@10": mean((size) => Math.min(1, 10 / size)),
  };
}

function poolsOf(rows: readonly (readonly string[])[]): Pool[] {
  const answers = new Map<string, Set<string>>();
  for (const [query, answer] of rows)
    if (query !== undefined && answer !== undefined) answers.set(query, (answers.get(query) ?? new Set()).add(answer));
  const questions = [...answers];
  const count = Math.max(1, Math.floor(questions.length / poolSize));
  return Array.from({ length: count }, (_, i) =>
    poolOf(questions.slice(i * poolSize, i === count - 1 ? undefined : (i + 1) * poolSize)),
  );
}

function poolOf(questions: readonly (readonly [query: string, answers: ReadonlySet<string>])[]): Pool {
  const places = new Map<string, number>();
  const right = questions.map(([, answers]) =>
    [...answers].map((answer) => {
      const place = places.get(answer) ?? places.size;
      places.set(answer, place);
      return place;
    }),
  );
  return { queries: questions.map(([query]) => query), candidates: [...places.keys()], right };
}
