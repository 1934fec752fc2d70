import { expectParameters } from "@kindred/encoder";
import { ConfigError, ShapeError } from "@kindred/errors";
import { scale } from "@kindred/nn";
import { expectShapes, type Float } from "@kindred/tensor";
import type { Loss, LossContext, LossNeeds } from "./loss.ts";

/** What {@link lossShare} is given: data of the whole batch, of all cores, and this core's place in it. */
export type LossShareOptions = Partial<LossData> &
  Partial<Pick<LossContext, "gather" | "firstRow" | "totalRows" | "parameters">> & {
    /** How many cores there are. Default 1. */
    readonly cores?: number;
  };

/**
 * This core's share of a loss, a scalar: the cores' shares, and the gradients through them, add up to those of the whole batch. On one
 * core, as by default, it is the loss.
 *
 * A loss over "rows" gets this core's rows and gives its share itself. A loss over "batch" gets all rows, gathered, and its value is
 * divided by the number of cores, each of which computes it whole. Data that the loss does not need may be given; it does not see them.
 *
 * @throws ShapeError if the columns are no "batch hidden" of one shape or not as many as the loss takes, data do not have the batch's
 * length, this core's rows are not among the batch's, a weight of the
 * loss is missing, or the value is no scalar; ConfigError if data that the loss needs are missing.
 *
 * @example
 * ```ts
 * import { lossShare, type Loss } from "@kindred/loss";
 * import { add, scale, sum } from "@kindred/nn";
 * import { cpu } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const meanOfSums: Loss = {
 *   name: "meanOfSums", options: {}, over: "batch",
 *   value: ([a, b], { totalRows }) => scale(sum(add(a!, b!)), 1 / totalRows),
 * };
 * await cpu().start();
 * lossShare(meanOfSums, [tf.tensor2d([[1, 2], [0, 3]]), tf.tensor2d([[4, 4], [5, 5]])]).dataSync(); // => [12]
 * ```
 */
export function lossShare(
  loss: Loss,
  columns: readonly Float<"batch hidden">[],
  options: LossShareOptions = {},
): Float<""> {
  const rows = rowsOf(loss, columns);
  const { gather = (own) => own, firstRow = 0, totalRows = rows, cores = 1, parameters = {} } = options;
  if (!(Number.isInteger(firstRow) && firstRow >= 0 && firstRow + rows <= totalRows)) {
    throw new ShapeError(
      `lossShare: this core's rows are not among the batch's. Got ${rows} rows from ${firstRow} on, of ${totalRows}, expected firstRow + rows ≤ totalRows.`,
      { firstRow, rows, totalRows },
    );
  }
  const batch = neededData(loss, options, { columns: columns.length, totalRows });
  expectParameters(loss.name, parameters, loss.parameters ?? []);
  if (loss.over === "rows") {
    const own = dataOfRows(batch, { firstRow, rows, totalRows });
    return scalar(loss, loss.value(columns, { ...own, batch, firstRow, totalRows, gather, parameters }));
  }
  const context = { ...batch, batch, firstRow: 0, totalRows, gather: (all: Float<"batch hidden">) => all, parameters };
  const value = scalar(loss, loss.value(columns.map(gather), context));
  return cores === 1 ? value : scale(value, 1 / cores);
}

/** Throws unless there are as many columns as the loss takes, all of one shape. Gives the number of their rows. */
function rowsOf({ name, needs }: Loss, columns: readonly Float<"batch hidden">[]): number {
  const { least, most = Infinity } = needs?.texts ?? { least: 2 };
  if (columns.length < Math.max(1, least) || columns.length > most) {
    throw new ShapeError(
      `${name}: the loss does not take these columns. Got ${columns.length}, expected ${least}${most === least ? "" : most === Infinity ? " or more" : ` to ${most}`}: one for each text of a row.`,
      { columns: columns.length, least, most },
    );
  }
  const named = columns.map((column, i) => [`columns[${i}]`, [column, "batch hidden", "float32"] as const] as const);
  return expectShapes(name, Object.fromEntries(named)).batch;
}

/** Throws unless a loss's value is a float32 scalar. */
function scalar({ name }: Loss, value: Float): Float<""> {
  if (value.rank === 0 && value.dtype === "float32") return value;
  throw new ShapeError(
    `${name}: the loss's value is no scalar. Got ${value.dtype} [${value.shape.join(", ")}], expected float32 []. Sum it up and divide by totalRows.`,
    { value: value.shape, dtype: value.dtype },
  );
}

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

/** How many scores a row of so many texts has. */
export function scoresPerRow(scores: NonNullable<LossNeeds["scores"]>, texts: number): number {
  return { row: 1, candidate: texts - 1, margin: texts - 2 }[scores];
}

/** How large a batch is: texts of a row, and rows on all cores. */
type BatchSize = { readonly columns: number; readonly totalRows: number };

/**
 * Of the batch's data what the loss needs, checked; the rest is empty.
 *
 * @throws ConfigError naming what is missing; ShapeError if something does not have the batch's length.
 */
function neededData(
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
  const scoresOfRow = scores === undefined ? 0 : scoresPerRow(scores, columns);
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
function dataOfRows(
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
