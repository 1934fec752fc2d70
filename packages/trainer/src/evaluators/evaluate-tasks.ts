import type { Interval } from "@kindred/evaluation";
import type { EncodeTexts, EvaluationTask, Measured, Metrics } from "./evaluation-task.ts";

/** Metrics by their whole names, and where their true values lie with 95 % confidence. */
export type TaskMetrics = {
  readonly metrics: Metrics;
  readonly intervals: { readonly [name: string]: Interval };
};

/**
 * A model's metrics on tasks, `<task>_<metric>`; and where several tasks have the same metric, `mean_<metric>`.
 *
 * @example
 * ```ts
 * import { evaluateTasks, judgedBy } from "@kindred/trainer";
 *
 * const letters = async (texts: readonly string[]) => ({
 *   embeddings: Float32Array.from(texts.flatMap((text) => [..."abc"].map((letter) => text.split(letter).length - 1))),
 *   dimension: 3,
 * });
 * const rows = [["aab", "aba"], ["bc", "cbb"], ["ccc", "abb"]].map((texts) => ({ texts, place: { file: "toy.jsonl" } }));
 * const { metrics } = await evaluateTasks(judgedBy({ name: "toy", rows }), letters);
 * [metrics["toy_mrr@10"], metrics["toy_accuracy@1"]]; // => [0.7778, 0.6667]
 * ```
 */
export async function evaluateTasks(tasks: readonly EvaluationTask[], encode: EncodeTexts): Promise<TaskMetrics> {
  const all: (readonly [metric: string, Measured[string]])[] = [];
  const named: [string, Measured[string]][] = [];
  for (const task of tasks) {
    const measured = await task.measure(encode);
    for (const metric of task.metrics) {
      const value = measured[metric];
      if (value === undefined) continue;
      all.push([metric, value]);
      named.push([`${task.name}_${metric}`, value]);
    }
  }
  const means = sharedMetrics(tasks).map((metric): [string, Measured[string]] => [
    meanName(metric),
    meanMeasured(all.flatMap(([name, value]) => (name === metric ? [value] : []))),
  ]);
  const values = [...means, ...named];
  return {
    metrics: Object.fromEntries(values.map(([name, { value }]) => [name, value])),
    intervals: Object.fromEntries(values.flatMap(([name, { interval }]) => (interval ? [[name, interval]] : []))),
  };
}

/** The metrics that several tasks have. */
function sharedMetrics(tasks: readonly EvaluationTask[]): string[] {
  const metrics = tasks.flatMap((task) => task.metrics);
  return [...new Set(metrics.filter((metric, i) => metrics.indexOf(metric) !== i))];
}

function meanName(metric: string): string {
  return `mean_${metric}`;
}

/** The mean of k independent values, whose interval reaches as far as the root of the sum of squares of theirs, over k. */
function meanMeasured(values: readonly Measured[string][]): Measured[string] {
  const value = values.reduce((sum, one) => sum + one.value, 0) / values.length;
  const reaches = values.flatMap(({ interval }) => (interval ? [(interval[1] - interval[0]) / 2] : []));
  if (reaches.length < values.length) return { value };
  const reach = Math.hypot(...reaches) / values.length;
  return { value, interval: [value - reach, value + reach] };
}

/**
 * The names of all metrics that an evaluation of these tasks gives, those to choose a model by first: of several tasks their mean, then
 * each task's own first one.
 *
 * @example
 * ```ts
 * import { judgedBy, metricNames } from "@kindred/trainer";
 *
 * const rows = [["aab", "aba"], ["bc", "cbb"]].map((texts) => ({ texts, place: { file: "toy.jsonl" } }));
 * metricNames(judgedBy({ name: "toy", rows }))[0]; // => "toy_mrr@10"
 * ```
 */
export function metricNames(tasks: readonly EvaluationTask[]): string[] {
  const own = (metrics: (task: EvaluationTask) => readonly string[]) =>
    tasks.flatMap((task) => metrics(task).map((metric) => `${task.name}_${metric}`));
  const means = sharedMetrics(tasks).map(meanName);
  return [...means, ...own(({ metrics }) => metrics.slice(0, 1)), ...own(({ metrics }) => metrics.slice(1))];
}

/**
 * What BM25 and guessing reach on the tasks that have a right answer: the same metrics, by name.
 *
 * @example
 * ```ts
 * import { baselines, judgedBy } from "@kindred/trainer";
 *
 * const rows = [["a red cat", "the red one"], ["a blue dog", "the blue one"]].map((texts) => ({ texts, place: { file: "qa" } }));
 * const { bm25, chance } = baselines(judgedBy({ name: "qa", rows }));
 * [bm25["qa_accuracy@1"], chance["qa_accuracy@1"]]; // => [1, 0.5]
 * ```
 */
export function baselines(tasks: readonly EvaluationTask[]): { readonly bm25: Metrics; readonly chance: Metrics } {
  const levels = tasks.map((task) => ({ name: task.name, ...task.levels() }));
  const of = (level: "bm25" | "chance") => {
    const named = levels.flatMap(({ name, [level]: own = {} }) =>
      Object.entries(own).map(([metric, value]) => ({ name, metric, value })),
    );
    const means = sharedMetrics(tasks).flatMap((metric) => {
      const values = named.filter((one) => one.metric === metric).map(({ value }) => value);
      const isWhole = values.length === tasks.filter(({ metrics }) => metrics.includes(metric)).length;
      return isWhole ? [[meanName(metric), values.reduce((a, b) => a + b, 0) / values.length]] : [];
    });
    return Object.fromEntries([...means, ...named.map(({ name, metric, value }) => [`${name}_${metric}`, value])]);
  };
  return { bm25: of("bm25"), chance: of("chance") };
}
