import type { Columns, TextRow } from "@kindred/datasets";
import type { Loss } from "@kindred/loss";
import type { EvaluationTask, Metrics } from "./evaluators/evaluation-task.ts";
import type { EvaluatorName } from "./evaluators/evaluators.ts";

/** Rows that can be read again: a data set that `openDataset` of `@kindred/datasets/node` opened, or rows in memory. */
export type RowSet = {
  /** The file, or what else the rows are from: named in errors, and its last part without its ending names metrics. */
  readonly name: string;
  /** The rows from the beginning, anew at each call. */
  rows(): SetPass;
};

/** The rows of a set, read once, and what is known of them so far. */
export type SetPass = AsyncIterable<TextRow> & {
  /** Bad lines that were left out. Default: none. */
  readonly badLines?: number;
  /** Blank lines of a file of texts that were left out. Default: none. */
  readonly blankLines?: number;
  /** The columns by name, once a row was read. Default: they have no names. */
  readonly columns?: Columns | undefined;
};

/** A data set of the mixture. */
export type TrainingSet = {
  readonly dataset: RowSet;
  /** What it is called in the run, wherever it lies; its order is drawn by this name. Default: the data set's own name. */
  readonly label?: string;
  /** How often it is drawn, beside the others. Default 1; of 0, never. */
  readonly weight?: number;
  /** How many rows it has, where somebody says so: for mixing that goes by size, if it is too large for memory. Default: nobody does. */
  readonly lines?: number | undefined;
  /** The rows to judge by, of a set that comes split. Default: some of its rows are held out. */
  readonly heldOut?: RowSet;
};

/** A data set that is only evaluated on. */
export type EvaluationSet = {
  readonly dataset: RowSet;
  /** How to judge by it. Default: what its rows hold decides. */
  readonly evaluators?: readonly EvaluatorName[];
};

/** What a run is judged by beside its data, and what its teacher reaches by all of it. */
export type Judging = {
  readonly tasks: readonly EvaluationTask[];
  /** Given all tasks of the run, the teacher's metrics by their whole names. */
  readonly teacher: (tasks: readonly EvaluationTask[]) => Promise<Metrics>;
};

/** How far a data set was read, over all passes, and what of that is nothing to train on. */
export type SeenRows = {
  readonly read: number;
  /** Rows that are held out, or repeat one that is. */
  readonly refused: number;
  readonly badLines: number;
  readonly blankLines: number;
};

/** The data sets of a run. */
export type RunData = {
  readonly training: readonly TrainingSet[];
  /** More rows to judge by. Default: none. */
  readonly evaluation?: readonly EvaluationSet[];
  /** What the rows are for. Default: the loss of the configuration. */
  readonly loss?: Loss;
  /** For a run that goes on: how far each set that is drawn from was read, as its checkpoint has it. Default: it begins. */
  readonly seen?: readonly SeenRows[] | undefined;
  /** Ends the reading with its reason. Default: never. */
  readonly signal?: AbortSignal | undefined;
};
