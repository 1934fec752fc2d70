import type { SentenceEncoder } from "@kindred/sentence-encoder";
import type { HeldOutExamples, NeighbourExample, ScoreSnapshot } from "../train-event.ts";
import type { EncodeTexts, EvaluationTask, Pool } from "./evaluation-task.ts";

/** Queries of a run's examples, neighbours of each, pairs of the snapshot of scores, and queries that are tried for these. */
const [shownQueries, shownNeighbours, shownPairs, triedPairs] = [3, 3, 16, 32];

/**
 * What a model makes of the first task that has something to show: for three of its queries the nearest of its candidates, and how alike
 * every query and every answer of some pairs are. Undefined where there is no such task.
 */
export async function heldOutExamples(
  tasks: readonly EvaluationTask[],
  encoder: Pick<SentenceEncoder, "similarity">,
  encode: EncodeTexts,
): Promise<HeldOutExamples | undefined> {
  const pool = tasks.find(({ shown }) => shown !== undefined)?.shown;
  if (pool === undefined) return undefined;
  const asked = [
    ...new Set([...evenly(shownQueries, pool.queries.length), ...evenly(triedPairs, pool.queries.length)]),
  ];
  const rows = await encode(
    asked.map((query) => pool.queries[query] ?? ""),
    0,
  );
  const { scores } = encoder.similarity(rows, await encode(pool.candidates, 1));
  const place = new Map(asked.map((query, i) => [query, i]));
  const similarity = (query: number, candidate: number) =>
    scores[(place.get(query) ?? 0) * pool.candidates.length + candidate] ?? Number.NaN;
  return { examples: neighbours(pool, similarity), snapshot: snapshot(pool, similarity) };
}

type Similarity = (query: number, candidate: number) => number;

/** Numbers at even distances. */
function evenly(count: number, of: number): number[] {
  return Array.from({ length: Math.min(count, of) }, (_, i) => Math.floor((i * of) / Math.min(count, of)));
}

function neighbours({ queries, candidates, right }: Pool, similarity: Similarity): NeighbourExample[] {
  return evenly(shownQueries, queries.length).map((query) => {
    const ranked = candidates
      .map((text, candidate) => ({ text, similarity: similarity(query, candidate) }))
      .sort((a, b) => b.similarity - a.similarity);
    const answers = (right[query] ?? []).flatMap((answer) => candidates[answer] ?? []);
    return { query: queries[query] ?? "", answers, neighbours: ranked.slice(0, shownNeighbours) };
  });
}

/** Pairs with different answers, at even distances: the right ones stand on the diagonal. */
function snapshot({ queries, candidates, right }: Pool, similarity: Similarity): ScoreSnapshot {
  const taken = new Map<number, number>(); // an answer, and the query that it is shown with
  for (const query of evenly(triedPairs, queries.length)) {
    const answer = right[query]?.[0];
    if (answer !== undefined && !taken.has(answer) && taken.size < shownPairs) taken.set(answer, query);
  }
  const pairs = [...taken];
  return {
    queries: pairs.map(([, query]) => queries[query] ?? ""),
    answers: pairs.map(([answer]) => candidates[answer] ?? ""),
    cosines: pairs.map(([, query]) => pairs.map(([answer]) => Number(similarity(query, answer).toFixed(4)))),
  };
}
