import type { SentenceEncoder } from "@kindred/sentence-encoder";
import type { NeighbourExample } from "../train-event.ts";
import type { EvaluationTask } from "./evaluation-task.ts";

/** Queries of a run's examples, and neighbours of each. */
const [shownQueries, shownNeighbours] = [3, 3];

/** For three queries of the first task that has some to show, the nearest of its candidates. */
export async function neighbourExamples(
  tasks: readonly EvaluationTask[],
  encoder: SentenceEncoder,
): Promise<NeighbourExample[]> {
  const pool = tasks.find(({ shown }) => shown !== undefined)?.shown;
  if (pool === undefined) return [];
  const { queries, candidates, right } = pool;
  const count = Math.min(shownQueries, queries.length);
  const places = Array.from({ length: count }, (_, i) => Math.floor((i * queries.length) / count));
  const shown = places.map((place) => ({
    query: queries[place]!, // a place among them
    answers: (right[place] ?? []).map((answer) => candidates[answer]!), // right ones are candidates
  }));
  const rows = await encoder.encode(shown.map(({ query }) => query));
  const { scores } = encoder.similarity(rows, await encoder.encode(candidates));
  return shown.map((question, i) => {
    const similarities = scores.subarray(i * candidates.length, (i + 1) * candidates.length);
    const ranked = candidates
      .map((text, candidate) => ({ text, similarity: similarities[candidate]! })) // one for each of them
      .sort((a, b) => b.similarity - a.similarity);
    return { ...question, neighbours: ranked.slice(0, shownNeighbours) };
  });
}
