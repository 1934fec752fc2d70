import type { JsonObject, ParameterSpec } from "@kindred/encoder";
import type { Float } from "@kindred/tensor";
import type { LossData } from "./loss-share.ts";

/** What a loss needs beside embeddings. A file whose rows lack it, or hold what no loss uses, is refused before a run begins. */
export type LossNeeds = {
  /** How many texts a row has: at least, and at most. Default: two or more. */
  readonly texts?: { readonly least: number; readonly most?: number };
  /**
   * "row": one score a row, of its first two texts. "candidate": one for each text after the first. "margin": one for each text after the
   * second, by how much the second scores above it.
   */
  readonly scores?: "row" | "candidate" | "margin";
  /** A class for each row. "binary": 1 for a match, 0 for none. */
  readonly labels?: true | "binary";
  /** Which texts of the batch are equal. */
  readonly textIds?: true;
  /** Which rows belong together: a thread, an entry. A row that says nothing of it is a group of its own. */
  readonly groups?: true;
  /** Which data set of the run each row is from. */
  readonly sources?: true;
  /** Vectors of all texts by other models (a guide, a teacher), made before the step, by the names under which they are given. */
  readonly vectors?: readonly string[];
  /** How long the vectors of such a model must be, by its name. Default: any length. */
  readonly dimensions?: { readonly [model: string]: number };
};

/**
 * What a loss is given beside the columns: the data of their rows, and where these stand in the whole batch.
 *
 * All of it but `gather` and `parameters` is data that changes with every batch, so none of it may decide which ops are called:
 * engines that record a step run it again with other numbers.
 */
export type LossContext = LossData & {
  /** The data of all rows of the batch, of all cores. For a loss over the batch it is the same as that of the given rows. */
  readonly batch: LossData;
  /** The number in the batch of the first row given. */
  readonly firstRow: number;
  /** Rows of the whole batch. */
  readonly totalRows: number;
  /** These rows of all cores, in the batch's order; differentiable. All cores call it equally often and in one order. */
  readonly gather: (rows: Float<"batch hidden">) => Float<"batch hidden">;
  /** The loss's own weights, by the names in its `parameters`. */
  readonly parameters: { readonly [name: string]: Float };
};

/**
 * A loss as a value: what it is called, what it needs, and how it comes from embeddings.
 *
 * Mean over the batch's rows, so that a rate of learning means the same at every size of batch.
 */
export type Loss = {
  /** For messages, run files and the model card: "contrastive". */
  readonly name: string;
  /** Its settings as JSON, for the same places. */
  readonly options: JsonObject;
  /**
   * "batch": `value` is given every row of the batch, on every core, and gives the loss of the batch. "rows": it is given a core's
   * own rows and gives their share, so that the cores' values add up to the loss of the batch; what it wants of other rows it
   * gathers. The first is right for every loss, the second shares the work.
   */
  readonly over: "batch" | "rows";
  readonly needs?: LossNeeds;
  /** Weights of its own: trained with the model and kept in checkpoints, but no part of the saved model. */
  readonly parameters?: readonly ParameterSpec[];
  /** How many first numbers of the vectors are trained to be of use by themselves: the saved model says so to those who cut them. */
  readonly matryoshkaDimensions?: readonly number[];
  /** The loss of these columns (first texts of all rows, second texts, …) as a scalar. */
  value(columns: readonly Float<"batch hidden">[], context: LossContext): Float<"">;
};

const known = new WeakSet<Loss>();

/**
 * The same loss, known from now on as one that is what its name says, to model cards for instance. A changed copy of it is not.
 *
 * @example
 * ```ts
 * import { isKnownLoss, knownLoss, type Loss } from "@kindred/loss";
 * import { sum } from "@kindred/nn";
 *
 * const sums: Loss = knownLoss({ name: "sums", options: {}, over: "batch", value: ([rows]) => sum(rows!) });
 * [isKnownLoss(sums), isKnownLoss({ ...sums })]; // => [true, false]
 * ```
 */
export function knownLoss(loss: Loss): Loss {
  known.add(loss);
  return loss;
}

/**
 * Whether a loss is what its name says: one that Kindred's functions have made.
 *
 * @example
 * ```ts
 * import { isKnownLoss } from "@kindred/loss";
 *
 * isKnownLoss({ name: "triplet", options: {}, over: "batch", value: ([rows]) => rows! }); // => false
 * ```
 */
export function isKnownLoss(loss: Loss): boolean {
  return known.has(loss);
}
