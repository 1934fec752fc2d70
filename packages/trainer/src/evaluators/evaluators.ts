import type { TextRow } from "@kindred/datasets";
import type { EvaluationTask } from "./evaluation-task.ts";
import { oneOf100 } from "./one-of-100.ts";
import { paraphrase } from "./paraphrase.ts";
import { retrieval } from "./retrieval.ts";
import { sts } from "./sts.ts";
import { triplet } from "./triplet.ts";

/** How rows of texts become a task, and which rows do. */
type Evaluator = {
  /** Undefined for rows that are none, and for so few that there is nothing to choose. */
  readonly task: (name: string, rows: readonly TextRow[], columns?: readonly string[]) => EvaluationTask | undefined;
  /** The rows that it takes, in words. */
  readonly takes: string;
};

/** The name of a way to judge a model. */
export type EvaluatorName = "retrieval" | "one-of-100" | "triplet" | "sts" | "paraphrase";

/** What a model can be judged by, by name. */
export const evaluators: { readonly [name in EvaluatorName]: Evaluator } = {
  retrieval: {
    task: retrieval,
    takes: "rows of a query and what answers it, with two different queries and two different answers at least",
  },
  "one-of-100": { task: oneOf100, takes: "100 rows or more of a context and its response" },
  triplet: { task: triplet, takes: "rows of a text, one that is like it and others that are not" },
  sts: { task: sts, takes: "rows of two texts with a score, or a number as label, and different ones" },
  paraphrase: { task: paraphrase, takes: "rows of two texts labelled 1 (a match) or 0, and some of both" },
};

/** The names of all evaluators. */
export const evaluatorNames = Object.keys(evaluators) as [EvaluatorName, ...EvaluatorName[]]; // its keys are those

/** Rows to judge by. */
export type RowsToJudge = {
  /** What its metrics are called after. */
  readonly name: string;
  readonly rows: readonly TextRow[];
  /** The names of the columns of texts. Default: they have none. */
  readonly columns?: readonly string[] | undefined;
  /** How to judge by them. Default: what they hold decides. */
  readonly evaluators?: readonly EvaluatorName[] | undefined;
};

/**
 * What rows can be judged by: one task for each evaluator that is named; else, for pairs labelled 1 and 0, telling them apart (`paraphrase`), for
 * pairs with another number agreeing with it (`sts`), and for texts alone finding each other (`retrieval`). Empty where the rows are none, or
 * so few that there is nothing to choose.
 *
 * @example
 * ```ts
 * import { judgedBy } from "@kindred/trainer";
 *
 * const row = (first: string, second: string, label?: number) => ({
 *   ...{ texts: [first, second], place: { file: "toy.jsonl" } },
 *   ...(label !== undefined && { label }),
 * });
 * judgedBy({ name: "toy", rows: [row("a", "b"), row("c", "d")] }).map(({ evaluator }) => evaluator); // => ["retrieval"]
 * judgedBy({ name: "toy", rows: [row("a", "b", 1), row("c", "d", 0)] }).map(({ evaluator }) => evaluator); // => ["paraphrase"]
 * judgedBy({ name: "toy", rows: [row("a", "b", 4), row("c", "d", 2)] }).map(({ evaluator }) => evaluator); // => ["sts"]
 * ```
 */
export function judgedBy({ name, rows, columns, evaluators: named = [] }: RowsToJudge): EvaluationTask[] {
  if (named.length > 0) return named.flatMap((evaluator) => evaluators[evaluator].task(name, rows, columns) ?? []);
  const areTexts = rows.every(({ texts, scores, label }) => texts.length >= 2 && (scores ?? label) === undefined);
  const task = areTexts ? retrieval(name, rows) : (paraphrase(name, rows) ?? sts(name, rows));
  return task === undefined ? [] : [task];
}
