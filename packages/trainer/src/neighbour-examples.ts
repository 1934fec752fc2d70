import type { SentenceEncoder } from "@kindred/sentence-encoder";
import type { EvaluationTask } from "./evaluation-task.ts";
import type { NeighbourExample } from "./train-event.ts";

/** Queries shown, and neighbours of each. */
const shownQueries = 3;
const shownNeighbours = 3;

/** For three queries of the first held-out pool, the nearest of its candidates. Empty where nothing but scored pairs was held out. */
export async function neighbourExamples(
  tasks: readonly EvaluationTask[],
  encoder: SentenceEncoder,
): Promise<NeighbourExample[]> {
  const task = tasks.find(({ kind }) => kind === "pairs");
  const pool = task?.kind === "pairs" ? task.pools[0] : undefined;
  if (pool === undefined) return [];
  const indices = Array.from({ length: Math.min(shownQueries, pool.queries.length) }, (_, i) =>
    Math.floor((i * pool.queries.length) / shownQueries),
  );
  const queries = indices.map((index) => pool.queries[index]!);
  const { scores } = encoder.similarity(await encoder.encode(queries), await encoder.encode(pool.candidates));
  return queries.map((query, q) => {
    const row = Array.from(scores.subarray(q * pool.candidates.length, (q + 1) * pool.candidates.length));
    const nearest = Array.from(row.keys())
      .sort((a, b) => row[b]! - row[a]!)
      .slice(0, shownNeighbours);
    const neighbours = nearest.map((candidate) => ({ text: pool.candidates[candidate]!, similarity: row[candidate]! }));
    return { query, answer: pool.candidates[indices[q]!]!, neighbours };
  });
}
