import { type Interval, meanInterval } from "@kindred/evaluation";
import type { EmbeddingRows } from "@kindred/vectors";
import type { TaskSize } from "../train-event.ts";

/** Metrics by name. */
export type Metrics = { readonly [name: string]: number };

/** A model's vectors of texts; `column` is the place of such texts in a row, 0 for what is searched with. */
export type EncodeTexts = (texts: readonly string[], column: number) => Promise<EmbeddingRows>;

/** What was measured: every metric of a task, and where its true value lies with 95 % confidence, where that can be said. */
export type Measured = { readonly [metric: string]: { readonly value: number; readonly interval?: Interval } };

/** Queries and the documents among which they are to find theirs. */
export type Pool = {
  readonly queries: readonly string[];
  readonly candidates: readonly string[];
  /** The right candidates of each query, by number. */
  readonly right: readonly (readonly number[])[];
};

/** What a model is judged by: rows of one file, by one evaluator. */
export type EvaluationTask = {
  /** Its metrics are called `<name>_<metric>`. */
  readonly name: string;
  readonly evaluator: string;
  /** Its metrics without its name, all the better the larger. The first is the one to choose by. */
  readonly metrics: readonly string[];
  /** How many queries, pairs or triplets are measured. */
  readonly measured: number;
  readonly unit: TaskSize["unit"];
  /** How many documents there are to find. */
  readonly documents?: number;
  /** The metrics of the model whose vectors `encode` gives. */
  measure(encode: EncodeTexts): Promise<Measured>;
  /** The same metrics of BM25 and of guessing, where they have any. */
  levels(): { readonly bm25?: Metrics; readonly chance?: Metrics };
  /** Queries and documents to show, in reports. */
  readonly shown?: Pool;
};

/**
 * Where fewer are measured, numbers mean little: the 95 % interval of a share near one half is wider than ± 0.1 then, for of n values it
 * reaches 1.96 · √(0.25 / (n + 3.84)). That of a correlation of 0.7 is as wide.
 */
export const fewMeasured = 93;

/**
 * How much a task rests on, and what its metrics are called.
 *
 * @example
 * ```ts
 * import { judgedBy, taskSize } from "@kindred/trainer";
 *
 * const rows = [["When?", "Now."], ["At what time?", "Then."]].map((texts) => ({ texts, place: { file: "qa.jsonl" } }));
 * const [task] = judgedBy({ name: "qa", rows });
 * const { evaluator, measured, unit, metrics } = taskSize(task!);
 * [evaluator, measured, unit, metrics[0]]; // => ["retrieval", 2, "queries", "qa_mrr@10"]
 * ```
 */
export function taskSize({ name, evaluator, metrics, measured, unit, documents }: EvaluationTask): TaskSize {
  const named = metrics.map((metric) => `${name}_${metric}`);
  return { name, evaluator, metrics: named, measured, unit, ...(documents !== undefined && { documents }) };
}

/** The mean of the values of queries, from 0 to 1, with its interval. */
export function meanOf(values: readonly number[]): Measured[string] {
  return { value: values.reduce((sum, value) => sum + value, 0) / values.length, interval: meanInterval(values) };
}
