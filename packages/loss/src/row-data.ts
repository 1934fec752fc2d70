import { DataError } from "@kindred/errors";
import type { Loss } from "./loss.ts";
import type { LossData } from "./loss-data.ts";

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
 * numbered as they come: labels −1, −2, …, groups 0, 1, …
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
): Partial<Pick<LossData, "scores" | "labels" | "groups" | "sources">> {
  const refuse = ({ place }: LossRow, what: string): never => {
    throw new DataError(place ?? { file: "a row" }, `train: the row does not fit the loss ${name}: ${what}.`);
  };
  const [classes, groups] = [numbering(), numbering()];
  const numberOfLabel = (row: LossRow): number => {
    const label = labelOf(row);
    if (typeof label === "string") return -1 - classes(label);
    return label ?? refuse(row, "expected a label that is a whole number or a name");
  };
  const numberOfGroup = ({ group, place }: LossRow, index: number): number =>
    groups(JSON.stringify(group === undefined ? index : [place?.file, group]));
  return {
    ...(needs.scores && {
      scores: Float32Array.from(rows.flatMap((row) => scoresOf(row) ?? refuse(row, "it has no score"))),
    }),
    ...(needs.labels && { labels: Int32Array.from(rows, numberOfLabel) }),
    ...(needs.groups && { groups: Int32Array.from(rows, numberOfGroup) }),
    ...(needs.sources && {
      sources: Int32Array.from(
        rows,
        (row) => row.source ?? refuse(row, "the sampler does not say which source it is from"),
      ),
    }),
  };
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
export function scoresOf({ scores, label }: LossRow): readonly number[] | undefined {
  return scores ?? (typeof label === "number" ? [label] : undefined);
}

/** A row's class: its label, or else its only score; undefined if that is no whole number. */
export function labelOf({ scores = [], label }: LossRow): number | string | undefined {
  const [score, ...more] = scores;
  const found = label ?? (more.length === 0 ? score : undefined);
  return typeof found === "number" && !Number.isInteger(found) ? undefined : found;
}
