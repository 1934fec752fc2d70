import { DataError } from "@kindred/errors";
import { type LossData, scoresPerRow } from "./loss-share.ts";
import type { Loss, LossNeeds } from "./loss.ts";

/** Where {@link fitRows} is. */
export type FitRowsOptions = {
  /** The file, for the message. */
  readonly file: string;
  /** Gives the losses that one may choose, to name those that would do. Default: none. */
  readonly known?: () => readonly Loss[];
  /** The file's other rows, which these must take too. Default: as the one. */
  readonly rows?: readonly LossRow[];
  /** Where in the file the row is, if it is not for all. Default: nowhere. */
  readonly line?: number;
};

/**
 * Refuses data that a loss has no use for, or that lack what it needs, before a run begins: pairs labelled 0 are no matches, and a loss
 * that does not look at labels would train them as such.
 *
 * One number a row may be called score or label: a loss that needs scores takes a number under label, if there are no scores, and one
 * that needs labels takes a whole number under score.
 *
 * @param row the first row of the file, which declares what all hold; or, with its line, any other
 * @throws DataError naming the file, what is wrong, and the known losses that take such rows
 *
 * @example
 * ```ts
 * import { fitRows, type Loss } from "@kindred/loss";
 * import { sum } from "@kindred/nn";
 *
 * const matches: Loss = { name: "matches", options: {}, over: "batch", value: ([a]) => sum(a!) };
 * const judged: Loss = { ...matches, name: "judged", needs: { scores: "row" } };
 * const row = { texts: ["a", "b"], label: 0 };
 * let message = "";
 * try {
 *   fitRows(matches, row, { file: "pairs.csv", known: () => [matches, judged] });
 * } catch (error) {
 *   message = error instanceof Error ? error.message : "";
 * }
 * message.includes("or choose a loss that takes such rows: --loss judged."); // => true
 * ```
 */
export function fitRows(loss: Loss, row: LossRow, { file, known = () => [], rows = [], line }: FitRowsOptions): void {
  const problem = problemOf(loss, row);
  if (problem === undefined) return;
  const takesAll = (other: Loss) => [row, ...rows].every((one) => problemOf(other, one) === undefined);
  const others = known().filter((other) => other.name !== loss.name && takesAll(other));
  const choice =
    others.length > 0
      ? `choose a loss that takes such rows: ${namesOf(others)}`
      : "bring a loss that takes such rows, in a program (--program): no built-in one does";
  throw new DataError(
    line === undefined ? { file } : { file, line },
    `train: the loss ${loss.name} ${problem.what}. Got rows of ${contentsOf(row)}, expected ${wishesOf(loss)}. ` +
      `${problem.isUnused ? `Take the column out of the file, or ${choice}` : `${choice[0]?.toUpperCase()}${choice.slice(1)}`}.`,
    { loss: loss.name, ...row },
  );
}

/** Losses by name, the first as a flag. */
function namesOf([first, ...others]: readonly Loss[]): string {
  const more = others.length === 0 ? "" : ` (or ${others.map(({ name }) => name).join(", ")})`;
  return `--loss ${first?.name}${more}`;
}

type Problem = { readonly what: string; readonly isUnused?: true };

/** Why a loss does not take a row, with the loss as subject; undefined if it does. */
function problemOf({ needs = {} }: Pick<Loss, "needs">, row: LossRow): Problem | undefined {
  const { least, most = Infinity } = needs.texts ?? { least: 2 };
  const columns = row.texts.length;
  if (columns < least || columns > most) return { what: `does not take rows of ${count(columns)}` };
  if (needs.scores !== undefined && scoresOf(row)?.length !== scoresPerRow(needs.scores, columns))
    return { what: `needs ${needs.scores === "row" ? "a score for each row" : scoreWishes[needs.scores]}` };
  if (needs.labels && labelOf(row, needs.labels) === undefined)
    return { what: `needs a label for each row, ${labelWish(needs.labels)}` };
  const labelIsRead = needs.labels || (needs.scores !== undefined && row.scores === undefined);
  if (row.label !== undefined && !labelIsRead)
    return { what: "does not look at labels, and would train a pair labelled 0 as a match", isUnused: true };
  const scoreIsRead = needs.scores !== undefined || (needs.labels && row.label === undefined);
  if (row.scores !== undefined && !scoreIsRead)
    return { what: "does not look at scores, and would train pairs of any score as matches", isUnused: true };
  return undefined;
}

/** What a row holds, in words. */
function contentsOf({ texts, scores = [], label }: LossRow): string {
  return withMarks(count(texts.length), [
    ...(scores.length > 0 ? [`score ${scores.join(", ")}`] : []),
    ...(label === undefined ? [] : [`label ${label}`]),
  ]);
}

const scoreWishes = {
  row: "a score",
  candidate: "a score for each text after the first",
  margin: "a score for each text after the second",
};

const labelWish = (labels: true | "binary") => (labels === "binary" ? "1 or 0" : "a whole number or a name");

/** What rows a loss takes, in words. */
function wishesOf({ needs = {} }: Pick<Loss, "needs">): string {
  const { least, most = Infinity } = needs.texts ?? { least: 2 };
  const texts =
    most === Infinity ? `${least} or more texts` : most === least ? count(least) : `${least} to ${most} texts`;
  const label = needs.labels === "binary" ? "a label of 0 or 1" : "a label";
  const marks = [...(needs.scores ? [scoreWishes[needs.scores]] : []), ...(needs.labels ? [label] : [])];
  return marks.length === 0 ? `${texts} and nothing else` : withMarks(texts, marks);
}

function withMarks(texts: string, marks: readonly string[]): string {
  return marks.length === 0 ? texts : `${texts} with ${marks.join(" and ")}`;
}

function count(texts: number): string {
  return texts === 1 ? "1 text" : `${texts} texts`;
}

/** What a loss may read of a row of training data. */
export type LossRow = {
  readonly texts: readonly string[];
  /** One, of the first two texts, or one for each text after the first. */
  readonly scores?: readonly number[];
  /** Its class: a whole number, or a name. */
  readonly label?: number | string;
  /** What it belongs to, within its file. */
  readonly group?: string;
  /** The number of its data set. */
  readonly source?: number;
  readonly place?: { readonly file: string; readonly line?: number };
};

/**
 * What the rows of a batch say, as a loss gets it: that which it needs. Numbers under label stay as they are; names, and groups, are
 * numbered as they come: labels −1, −2, …, groups 0, 1, …, as are texts, of all columns together.
 *
 * @throws DataError naming a row that lacks what the loss needs, or whose label is neither a whole number nor a name
 *
 * @example
 * ```ts
 * import { batchData, type Loss } from "@kindred/loss";
 * import { sum } from "@kindred/nn";
 *
 * const classes: Loss = { name: "classes", options: {}, over: "batch", needs: { labels: true }, value: ([a]) => sum(a!) };
 * const rows = ["sport", "music", "sport"].map((label, i) => ({ texts: [`text ${i}`], label }));
 * batchData(classes, rows); // => { labels: [-1, -2, -1] }
 * ```
 */
export function batchData(
  { name, needs = {} }: Pick<Loss, "name" | "needs">,
  rows: readonly LossRow[],
): Partial<Omit<LossData, "vectors">> {
  const refuse = ({ place }: LossRow, what: string): never => {
    throw new DataError(place ?? { file: "a row" }, `train: the row does not fit the loss ${name}: ${what}.`);
  };
  const [classes, texts, groups] = [numbering(), numbering(), numbering()];
  const numberOfLabel = (row: LossRow): number => {
    const label = labelOf(row, needs.labels);
    if (typeof label === "string") return -1 - classes(label);
    return label ?? refuse(row, `expected a label that is ${labelWish(needs.labels ?? true)}`);
  };
  const numberOfGroup = ({ group, place }: LossRow, index: number): number =>
    groups(JSON.stringify(group === undefined ? index : [place?.file, group]));
  return {
    ...(needs.scores && {
      scores: Float32Array.from(rows.flatMap((row) => scoresOf(row) ?? refuse(row, "it has no score"))),
    }),
    ...(needs.labels && { labels: Int32Array.from(rows, numberOfLabel) }),
    ...(needs.textIds && { textIds: transposed(rows.map((row) => row.texts.map(texts))) }),
    ...(needs.groups && { groups: Int32Array.from(rows, numberOfGroup) }),
    ...(needs.sources && {
      sources: Int32Array.from(
        rows,
        (row) => row.source ?? refuse(row, "the sampler does not say which source it is from"),
      ),
    }),
  };
}

/** The first of each row, the second, and so on. Rows of a batch are equally long. */
function transposed(rows: readonly (readonly number[])[]): Int32Array[] {
  const [first = []] = rows;
  return first.map((_, column) => Int32Array.from(rows, (row) => row[column] ?? -1));
}

/** Numbers names as they come: the first 0, the next new one 1, … */
function numbering(): (name: string) => number {
  const numbers = new Map<string, number>();
  return (name) => {
    const number = numbers.get(name) ?? numbers.size;
    numbers.set(name, number);
    return number;
  };
}

/** A row's scores: under that name, or else its label, if that is a number. */
function scoresOf({ scores, label }: LossRow): readonly number[] | undefined {
  return scores ?? (typeof label === "number" ? [label] : undefined);
}

/** A row's class: its label, or else its only score; undefined if that is no whole number, or, of binary ones, neither 0 nor 1. */
function labelOf({ scores = [], label }: LossRow, labels: LossNeeds["labels"]): number | string | undefined {
  const [score, ...more] = scores;
  const found = label ?? (more.length === 0 ? score : undefined);
  if (labels === "binary") return found === 0 || found === 1 ? found : undefined;
  return typeof found === "number" && !Number.isInteger(found) ? undefined : found;
}
