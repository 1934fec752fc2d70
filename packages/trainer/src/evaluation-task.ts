import { bm25Index, chanceMrr, mrrOfPairs, pairRanks, scoredPairs } from "@kindred/evaluation";
import { type EmbeddingRows, type ScoreMatrix, similarityMatrix } from "@kindred/vectors";
import type { SentenceEncoder } from "@kindred/sentence-encoder";
import type { MetricSummary, NeighbourExample, TrainEvent } from "./train-event.ts";

/** Queries and as many candidates: query i's right answer is candidate i, and no text is there twice on a side. */
export type Pool = { readonly queries: readonly string[]; readonly candidates: readonly string[] };

/** What a model is judged by: finding each query's own candidate in its pool, or agreeing with people's scores of pairs. */
export type EvaluationTask = { readonly name: string } & (
  | { readonly kind: "pairs"; readonly pools: readonly Pool[] }
  | { readonly kind: "scored"; readonly pairs: readonly ScoredPair[] }
);

/** Two texts and how alike people find them. */
export type ScoredPair = { readonly texts: readonly [first: string, second: string]; readonly score: number };

/** Metrics by name. */
export type Metrics = { readonly [name: string]: number };

/** Candidates of a pool; queries of a run's examples, and neighbours of each. */
const [poolSize, shownQueries, shownNeighbours] = [500, 3, 3];

/**
 * A retrieval task from rows of texts: the first is the query, the second its answer. A row that repeats a text of its side, or has no
 * second text, is left out. The rows make pools of 500 in their order; what is left over joins the last pool.
 *
 * @example
 * ```ts
 * import { pairTask } from "@kindred/trainer";
 *
 * const task = pairTask("qa", [["When?", "Now."], ["Where?", "Here."], ["When?", "Later."]]);
 * task.kind === "pairs" && task.pools; // => [{ queries: ["When?", "Where?"], candidates: ["Now.", "Here."] }]
 * ```
 */
export function pairTask(name: string, rows: readonly (readonly string[])[]): EvaluationTask {
  const [queries, candidates] = [new Set<string>(), new Set<string>()];
  const unique: { readonly query: string; readonly candidate: string }[] = [];
  for (const [query, candidate] of rows) {
    if (query === undefined || candidate === undefined || queries.has(query) || candidates.has(candidate)) continue;
    queries.add(query);
    candidates.add(candidate);
    unique.push({ query, candidate });
  }
  const count = Math.max(1, Math.floor(unique.length / poolSize));
  const pools = Array.from({ length: count }, (_, i) => {
    const own = unique.slice(i * poolSize, i === count - 1 ? undefined : (i + 1) * poolSize);
    return { queries: own.map(({ query }) => query), candidates: own.map(({ candidate }) => candidate) };
  });
  return { name, kind: "pairs", pools };
}

/**
 * A similarity task from pairs that people have scored.
 *
 * @example
 * ```ts
 * import { scoredTask } from "@kindred/trainer";
 *
 * scoredTask("sts", [{ texts: ["A cat.", "A kitten."], score: 4.2 }]).kind; // => "scored"
 * ```
 */
export function scoredTask(name: string, pairs: readonly ScoredPair[]): EvaluationTask {
  return { name, kind: "scored", pairs };
}

/**
 * A model's metrics on tasks: for pairs `<name>_mrr@10` and `<name>_accuracy@1`, ties counted against the model, averaged over
 * queries; for scored pairs `<name>_spearman_cosine`.
 *
 * @example
 * ```ts
 * import { evaluateTasks, pairTask } from "@kindred/trainer";
 *
 * const letters = async (texts: readonly string[]) => ({
 *   embeddings: Float32Array.from(texts.flatMap((text) => [..."abc"].map((letter) => text.split(letter).length - 1))),
 *   dimension: 3,
 * });
 * const task = pairTask("toy", [["aab", "aba"], ["bc", "cbb"], ["ccc", "abb"]]);
 * await evaluateTasks([task], letters); // => { "toy_mrr@10": 0.778, "toy_accuracy@1": 0.667 }
 * ```
 */
export async function evaluateTasks(
  tasks: readonly EvaluationTask[],
  encode: (texts: readonly string[]) => Promise<EmbeddingRows>,
): Promise<Metrics> {
  const metrics: { [name: string]: number } = {};
  for (const task of tasks) {
    if (task.kind === "scored") {
      const [first, second] = [
        await encode(task.pairs.map(({ texts }) => texts[0])),
        await encode(task.pairs.map(({ texts }) => texts[1])),
      ];
      const gold = task.pairs.map(({ score }) => score);
      const { spearman_cosine } = scoredPairs({ first, second, gold }, { similarities: ["cosine"] });
      if (spearman_cosine !== undefined) metrics[`${task.name}_spearman_cosine`] = spearman_cosine;
      continue;
    }
    const scores: ScoreMatrix[] = [];
    for (const { queries, candidates } of task.pools)
      scores.push(similarityMatrix(await encode(queries), await encode(candidates), { similarity: "cosine" }));
    Object.assign(metrics, poolMetrics(task.name, scores));
  }
  return metrics;
}

/**
 * What BM25 and guessing reach on the tasks that have a right answer: the same metrics, by name.
 *
 * @example
 * ```ts
 * import { baselines, pairTask } from "@kindred/trainer";
 *
 * const task = pairTask("qa", [["a red cat", "the red one"], ["a blue dog", "the blue one"]]);
 * const { bm25, chance } = baselines([task]);
 * [bm25["qa_accuracy@1"], chance["qa_accuracy@1"]]; // => [1, 0.5]
 * ```
 */
export function baselines(tasks: readonly EvaluationTask[]): { readonly bm25: Metrics; readonly chance: Metrics } {
  const pairTasks = tasks.filter((task) => task.kind === "pairs");
  const bm25 = pairTasks.map(({ name, pools }) =>
    poolMetrics(
      name,
      pools.map(({ queries, candidates }) => bm25Index(candidates).scoreMatrix(queries)),
    ),
  );
  const chance = pairTasks.map(({ name, pools }) => {
    const queries = pools.reduce((sum, pool) => sum + pool.queries.length, 0);
    const mean = (level: (size: number) => number) =>
      pools.reduce((sum, { candidates }) => sum + candidates.length * level(candidates.length), 0) / queries;
    return { [`${name}_mrr@10`]: mean((size) => chanceMrr(size)), [`${name}_accuracy@1`]: mean((size) => 1 / size) };
  });
  return { bm25: Object.assign({}, ...bm25), chance: Object.assign({}, ...chance) };
}

function poolMetrics(name: string, pools: readonly ScoreMatrix[]): Metrics {
  const queries = pools.reduce((sum, { rows }) => sum + rows, 0);
  const mean = (metric: (scores: ScoreMatrix) => number) =>
    pools.reduce((sum, scores) => sum + scores.rows * metric(scores), 0) / queries;
  const accuracy = (scores: ScoreMatrix) => pairRanks(scores).filter((rank) => rank === 1).length / scores.rows;
  return { [`${name}_mrr@10`]: mean((scores) => mrrOfPairs(scores)), [`${name}_accuracy@1`]: mean(accuracy) };
}

/**
 * Every metric at the first and the last evaluation of a run, with the levels of BM25 and of guessing.
 *
 * @example
 * ```ts
 * import { metricSummaries } from "@kindred/trainer";
 *
 * const evaluation = { type: "evaluation", bm25: { qa: 0.5 }, chance: {}, seconds: 1 } as const;
 * const events = [{ ...evaluation, step: 0, metrics: { qa: 0.25 } }, { ...evaluation, step: 9, metrics: { qa: 0.75 } }];
 * metricSummaries(events); // => { qa: { before: 0.25, after: 0.75, bm25: 0.5 } }
 * ```
 */
export function metricSummaries(events: readonly TrainEvent[]): { readonly [name: string]: MetricSummary } {
  const evaluations = events.filter((event) => event.type === "evaluation");
  const [first, last] = [evaluations[0], evaluations.at(-1)];
  if (first === undefined || last === undefined) return {};
  const summary = (name: string, after: number): MetricSummary => ({
    before: first.metrics[name] ?? Number.NaN,
    after,
    ...(last.bm25[name] === undefined ? {} : { bm25: last.bm25[name] }),
    ...(last.chance[name] === undefined ? {} : { chance: last.chance[name] }),
  });
  return Object.fromEntries(Object.entries(last.metrics).map(([name, after]) => [name, summary(name, after)]));
}

/** For three queries of the first held-out pool, the nearest of its candidates. Empty where nothing but scored pairs was held out. */
export async function neighbourExamples(
  tasks: readonly EvaluationTask[],
  encoder: SentenceEncoder,
): Promise<NeighbourExample[]> {
  const task = tasks.find(({ kind }) => kind === "pairs");
  const pool = task?.kind === "pairs" ? task.pools[0] : undefined;
  if (pool === undefined) return [];
  const { queries, candidates } = pool;
  const count = Math.min(shownQueries, queries.length);
  const places = Array.from({ length: count }, (_, i) => Math.floor((i * queries.length) / shownQueries));
  const shown = places.map((place) => ({ query: queries[place]!, answer: candidates[place]! })); // a pool has as many of both
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
