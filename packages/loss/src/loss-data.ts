import { ConfigError, ShapeError } from "@kindred/errors";
import type { Loss } from "./loss.ts";

/** Vectors end to end, as encoders give them. */
export type VectorRows = { readonly embeddings: Float32Array; readonly dimension: number };

/** What is known of some rows beside their embeddings. What `needs` does not name is empty. */
export type LossData = {
  /** Row after row: one of each, or one for each of its texts after the first. */
  readonly scores: Float32Array;
  /** One a row: equal numbers are one class. */
  readonly labels: Int32Array;
  /** For each column a number for each row's text: equal numbers are equal texts, across columns too. */
  readonly textIds: readonly Int32Array[];
  /** One a row: equal numbers are one group. */
  readonly groups: Int32Array;
  /** One a row: the number of its data set, as the run lists them, from 0. */
  readonly sources: Int32Array;
  /** By name of the model, its vectors of each column's texts. */
  readonly vectors: { readonly [model: string]: readonly VectorRows[] };
};

/** How large a batch is: texts of a row, and rows on all cores. */
export type BatchSize = { readonly columns: number; readonly totalRows: number };

/**
 * Of the batch's data what the loss needs, checked; the rest is empty.
 *
 * @throws ConfigError naming what is missing; ShapeError if something does not have the batch's length.
 */
export function neededData(
  { name, needs = {} }: Pick<Loss, "name" | "needs">,
  given: Partial<LossData>,
  { columns, totalRows }: BatchSize,
): LossData {
  const fitting = <T extends { readonly length: number }>(what: string, values: T | undefined, expected: number): T => {
    if (values === undefined) {
      throw new ConfigError(
        `${name}: the loss needs ${what}. Got none, expected ${expected}. Give them, or choose a loss that does without.`,
        { loss: name, missing: what },
      );
    }
    if (values.length === expected) return values;
    throw new ShapeError(
      `${name}: ${what} do not fit. Got ${values.length}, expected ${expected}, for ${totalRows} rows of ${columns} texts on all cores.`,
      { got: values.length, expected, columns, totalRows },
    );
  };
  const { scores, textIds, vectors = [] } = needs;
  const ofEachRow = (what: "labels" | "groups" | "sources") =>
    needs[what] === undefined ? new Int32Array() : fitting(what, given[what], totalRows);
  const ofModel = (model: string) =>
    fitting(`vectors of ${model}, by column,`, given.vectors?.[model], columns).map((column) => {
      fitting(`vectors of ${model}`, column.embeddings, totalRows * column.dimension);
      return column;
    });
  const scoresOfRow = scores === "candidate" ? columns - 1 : 1;
  return {
    scores: scores === undefined ? new Float32Array() : fitting("scores", given.scores, totalRows * scoresOfRow),
    labels: ofEachRow("labels"),
    textIds:
      textIds === undefined
        ? []
        : fitting("text ids, by column,", given.textIds, columns).map((ids) => fitting("text ids", ids, totalRows)),
    groups: ofEachRow("groups"),
    sources: ofEachRow("sources"),
    vectors: Object.fromEntries(vectors.map((model) => [model, ofModel(model)])),
  };
}

/** The data of `rows` rows from `firstRow` on, as views. */
export function dataOfRows(
  { scores, labels, textIds, groups, sources, vectors }: LossData,
  { firstRow, rows, totalRows }: { readonly firstRow: number; readonly rows: number; readonly totalRows: number },
): LossData {
  const [start, end] = [firstRow, firstRow + rows];
  const width = scores.length / totalRows;
  const ofModel = (columns: readonly VectorRows[]) =>
    columns.map(({ embeddings, dimension }) => ({
      embeddings: embeddings.subarray(start * dimension, end * dimension),
      dimension,
    }));
  return {
    scores: scores.subarray(start * width, end * width),
    labels: labels.subarray(start, end),
    textIds: textIds.map((ids) => ids.subarray(start, end)),
    groups: groups.subarray(start, end),
    sources: sources.subarray(start, end),
    vectors: Object.fromEntries(Object.entries(vectors).map(([model, columns]) => [model, ofModel(columns)])),
  };
}
