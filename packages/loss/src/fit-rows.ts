import { DataError } from "@kindred/errors";
import type { Loss } from "./loss.ts";
import { labelOf, type LossRow, scoresOf } from "./row-data.ts";

/** Where {@link fitRows} is. */
export type FitRowsOptions = {
  /** The file, for the message. */
  readonly file: string;
  /** The losses that one may choose, to name those that would do. Default: none. */
  readonly known?: readonly Loss[];
};

/**
 * Refuses data that a loss has no use for, or that lack what it needs, before a run begins: pairs labelled 0 are no matches, and a loss
 * that does not look at labels would train them as such.
 *
 * One number a row may be called score or label: a loss that needs scores takes a number under label, if there are no scores, and one
 * that needs labels takes a whole number under score.
 *
 * @param row the first row of the file; all its rows hold the same
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
 *   fitRows(matches, row, { file: "pairs.csv", known: [matches, judged] });
 * } catch (error) {
 *   message = error instanceof Error ? error.message : "";
 * }
 * message.includes("or choose a loss that takes such rows: judged."); // => true
 * ```
 */
export function fitRows(loss: Loss, row: LossRow, { file, known = [] }: FitRowsOptions): void {
  const problem = problemOf(loss, row);
  if (problem === undefined) return;
  const others = known.filter((other) => other.name !== loss.name && problemOf(other, row) === undefined);
  const choice =
    others.length > 0
      ? `choose a loss that takes such rows: ${others.map(({ name }) => name).join(", ")}`
      : "bring a loss that takes such rows, in a program (--program): no built-in one does";
  throw new DataError(
    { file },
    `train: the loss ${loss.name} ${problem.what}. Got rows of ${contentsOf(row)}, expected ${wishesOf(loss)}. ` +
      `${problem.isUnused ? `Take the column out of the file, or ${choice}` : `${choice[0]?.toUpperCase()}${choice.slice(1)}`}.`,
    { loss: loss.name, ...row },
  );
}

type Problem = { readonly what: string; readonly isUnused?: true };

/** Why a loss does not take a row, with the loss as subject; undefined if it does. */
function problemOf({ needs = {} }: Pick<Loss, "needs">, row: LossRow): Problem | undefined {
  const { least, most = Infinity } = needs.texts ?? { least: 2 };
  const columns = row.texts.length;
  if (columns < least || columns > most) return { what: `does not take rows of ${count(columns)}` };
  if (needs.scores === "row" && scoresOf(row)?.length !== 1) return { what: "needs a score for each row" };
  if (needs.scores === "candidate" && scoresOf(row)?.length !== columns - 1)
    return { what: "needs a score for each text after the first" };
  if (needs.labels && labelOf(row) === undefined)
    return { what: "needs a label for each row, a whole number or a name" };
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

/** What rows a loss takes, in words. */
function wishesOf({ needs = {} }: Pick<Loss, "needs">): string {
  const { least, most = Infinity } = needs.texts ?? { least: 2 };
  const texts =
    most === Infinity ? `${least} or more texts` : most === least ? count(least) : `${least} to ${most} texts`;
  const scores = { row: "a score", candidate: "a score for each text after the first", none: undefined }[
    needs.scores ?? "none"
  ];
  const marks = [...(scores === undefined ? [] : [scores]), ...(needs.labels ? ["a label"] : [])];
  return marks.length === 0 ? `${texts} and nothing else` : withMarks(texts, marks);
}

function withMarks(texts: string, marks: readonly string[]): string {
  return marks.length === 0 ? texts : `${texts} with ${marks.join(" and ")}`;
}

function count(texts: number): string {
  return texts === 1 ? "1 text" : `${texts} texts`;
}
