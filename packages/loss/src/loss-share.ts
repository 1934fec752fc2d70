import { expectParameters } from "@kindred/encoder";
import { ShapeError } from "@kindred/errors";
import { scale } from "@kindred/nn";
import { expectShapes, type Float } from "@kindred/tensor";
import type { Loss, LossContext } from "./loss.ts";
import { dataOfRows, type LossData, neededData } from "./loss-data.ts";

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
