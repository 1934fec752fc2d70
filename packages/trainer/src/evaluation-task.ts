import type { TextRow } from "@kindred/datasets";
import { bm25Index, chanceMrr, mrrOfPairs, pairRanks, scoredPairs } from "@kindred/evaluation";
import { type EmbeddingRows, type ScoreMatrix, similarityMatrix } from "@kindred/vectors";
import type { SentenceEncoder } from "@kindred/sentence-encoder";
import type { MetricSummary, NeighbourExample, TaskSize, TrainEvent } from "./train-event.ts";

/** Queries and the documents among which they are to find theirs; no text is there twice on a side. */
export type Pool = {
  readonly queries: readonly string[];
  readonly candidates: readonly string[];
  /** The right candidates of each query, by number. */
  readonly right: readonly (readonly number[])[];
};

/** What a model is judged by: finding each query's own candidate in its pool, or agreeing with people's scores of pairs. */
export type EvaluationTask = { readonly name: string } & (
  | { readonly kind: "pairs"; readonly pools: readonly Pool[] }
  | { readonly kind: "scored"; readonly pairs: readonly ScoredPair[] }
);

/** Two texts and how alike people find them. */
export type ScoredPair = { readonly texts: readonly [first: string, second: string]; readonly score: number };

/**
 * Where fewer queries or pairs are measured, chance moves the metrics by more than training does: of 50 queries, one is 2 points, and the
 * standard error of an accuracy up to 7.
 */
export const fewMeasured = 50;

/**
 * The metrics of a task of this name, of either kind.
 *
 * @example
 * ```ts
 * import { metricsOf } from "@kindred/trainer";
 *
 * metricsOf("qa"); // => ["qa_mrr@10", "qa_accuracy@1", "qa_spearman_cosine"]
 * ```
 */
export function metricsOf(task: string): string[] {
  return ["mrr@10", "accuracy@1", "spearman_cosine"].map((metric) => `${task}_${metric}`);
}

/** Metrics by name. */
export type Metrics = { readonly [name: string]: number };

/** Candidates of a pool; queries of a run's examples, and neighbours of each. */
const [poolSize, shownQueries, shownNeighbours] = [500, 3, 3];

/**
 * A retrieval task from rows of texts: the first is the query, the second a right answer of it. Every query is measured, once: rows of one
 * query give it several right answers, and a document that answers several queries stands once in their pool. 500 queries, in their order,
 * make a pool; what is left over joins the last one.
 *
 * @example
 * ```ts
 * import { pairTask } from "@kindred/trainer";
 *
 * const task = pairTask("qa", [["When?", "Now."], ["Where?", "Here."], ["When?", "Later."], ["Which?", "Here."]]);
 * const [pool] = task.kind === "pairs" ? task.pools : [];
 * pool?.candidates; // => ["Now.", "Later.", "Here."]
 * pool?.right; // => [[0, 1], [2], [2]]
 * ```
 */
export function pairTask(name: string, rows: readonly (readonly string[])[]): EvaluationTask {
  const answers = new Map<string, Set<string>>();
  for (const [query, answer] of rows)
    if (query !== undefined && answer !== undefined) answers.set(query, (answers.get(query) ?? new Set()).add(answer));
  const questions = [...answers];
  const count = Math.max(1, Math.floor(questions.length / poolSize));
  const pools = Array.from({ length: count }, (_, i) =>
    poolOf(questions.slice(i * poolSize, i === count - 1 ? undefined : (i + 1) * poolSize)),
  );
  return { name, kind: "pairs", pools };
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

/**
 * What rows can be judged by: pairs with a number by agreeing with it, texts alone by finding each other. Undefined for other rows, and
 * for so few that there is nothing to choose: fewer than two pairs, or a single query or document.
 */
export function rowsTask(name: string, rows: readonly TextRow[]): EvaluationTask | undefined {
  if (rows.every(({ texts, scores, label }) => texts.length >= 2 && (scores ?? label) === undefined)) {
    const task = pairTask(
      name,
      rows.map(({ texts }) => texts),
    );
    const size = taskSize(task);
    return "queries" in size && Math.min(size.queries, size.documents) >= 2 ? task : undefined;
  }
  const scored = rows.flatMap(({ texts: [first, second, ...more], scores, label }) => {
    const [score, ...scoresMore] = scores ?? [label];
    return first === undefined ||
      second === undefined ||
      typeof score !== "number" ||
      more.length + scoresMore.length > 0
      ? []
      : [{ texts: [first, second] as const, score }];
  });
  return scored.length === rows.length && rows.length >= 2 ? scoredTask(name, scored) : undefined;
}

/**
 * How large a task is.
 *
 * @example
 * ```ts
 * import { pairTask, taskSize } from "@kindred/trainer";
 *
 * taskSize(pairTask("qa", [["When?", "Now."], ["At what time?", "Now."]])); // => { name: "qa", queries: 2, documents: 1 }
 * ```
 */
export function taskSize(task: EvaluationTask): TaskSize {
  if (task.kind === "scored") return { name: task.name, pairs: task.pairs.length };
  const sum = (of: "queries" | "candidates") => task.pools.reduce((total, pool) => total + pool[of].length, 0);
  return { name: task.name, queries: sum("queries"), documents: sum("candidates") };
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
    const scores: ScoredPool[] = [];
    for (const { queries, candidates, right } of task.pools) {
      const matrix = similarityMatrix(await encode(queries), await encode(candidates), { similarity: "cosine" });
      scores.push({ matrix, right });
    }
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
      pools.map(({ queries, candidates, right }) => ({ matrix: bm25Index(candidates).scoreMatrix(queries), right })),
    ),
  );
  const chance = pairTasks.map(({ name, pools }) => {
    const queries = pools.reduce((sum, pool) => sum + pool.queries.length, 0);
    const mean = (level: (size: number, right: number) => number) =>
      pools.reduce(
        (sum, { candidates, right }) => right.reduce((of, { length }) => of + level(candidates.length, length), sum),
        0,
      ) / queries;
    return {
      [`${name}_mrr@10`]: mean((size, right) => chanceMrr(size, { right })),
      [`${name}_accuracy@1`]: mean((size, right) => right / size),
    };
  });
  return { bm25: Object.assign({}, ...bm25), chance: Object.assign({}, ...chance) };
}

/** How alike each query of a pool and each of its candidates are, and which of these are right. */
type ScoredPool = { readonly matrix: ScoreMatrix; readonly right: Pool["right"] };

function poolMetrics(name: string, pools: readonly ScoredPool[]): Metrics {
  const queries = pools.reduce((sum, { matrix }) => sum + matrix.rows, 0);
  const mean = (metric: (pool: ScoredPool) => number) =>
    pools.reduce((sum, pool) => sum + pool.matrix.rows * metric(pool), 0) / queries;
  const accuracy = ({ matrix, right }: ScoredPool) =>
    pairRanks(matrix, { right }).filter((rank) => rank === 1).length / matrix.rows;
  return {
    [`${name}_mrr@10`]: mean(({ matrix, right }) => mrrOfPairs(matrix, { right })),
    [`${name}_accuracy@1`]: mean(accuracy),
  };
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
