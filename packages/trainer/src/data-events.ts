import type { ColumnRole } from "./source-summary.ts";

// What the events `data` and `rows` of train-event.ts tell of a run's training sets; source-summary.ts makes the first of these, training-run.ts the last.

/** What is known of one training data set before the first step. */
export type SourceSummary = {
  readonly name: string;
  /** Its share of the draws. */
  readonly share: number;
  /** Rows to train on; undefined for a file that is streamed. */
  readonly rows: number | undefined;
  readonly heldOutRows: number;
  /** Rows that are neither trained on nor held out, by reason; of a file that is streamed, those of the part that was read. */
  readonly leftOut: RowsLeftOut;
  /** Texts of a row. */
  readonly columns: number;
  /** What each column is taken for. */
  readonly roles: readonly ColumnRole[];
  /** Of the rows in memory: characters of all texts, and how many texts are empty or blanks alone. */
  readonly characters: number;
  readonly emptyTexts: number;
  /** Of a sample of rows: tokens of a text, specials included. */
  readonly tokens: {
    readonly mean: number;
    readonly median: number;
    readonly p95: number;
    readonly longest: number;
    /** How many texts have from one number of tokens to another. */
    readonly histogram?: readonly { readonly from: number; readonly to: number; readonly texts: number }[];
  };
  /** Of that sample: share of texts that are longer than maxSeqLength. */
  readonly truncatedShare: number;
  /** Rows that repeat a text of an earlier row, of the rows in memory. */
  readonly duplicateRows: number;
  /** The first row, as it is read. */
  readonly example: readonly string[];
};

/** Numbers of rows by the reason for which they are not used; a reason that there is not is not named. */
export type RowsLeftOut = {
  /** Lines that are no rows. */
  readonly badLines?: number;
  /** Blank lines of a file that has one text a line. */
  readonly blankLines?: number;
  /** Rows that repeat a query or a pair that is held out, of this file or of another. */
  readonly repeatsHeldOut?: number;
  /** Rows that hold one text twice, which no batch takes. */
  readonly ownTextTwice?: number;
  /** Rows that repeated a text of their batch, with duplicates = drop. */
  readonly textOfBatch?: number;
  /** Rows that waited for a batch without their texts while too many others did. */
  readonly waitedTooLong?: number;
  /** Rows for which there was no other of their label, in a pass (`groupByLabel`). */
  readonly aloneWithLabel?: number;
  /** Rows at the end of the last epoch of which no full batch could be made. */
  readonly lessThanBatch?: number;
  /** The first row of a source, thrown away as the original trainer did (`firstRows`). */
  readonly firstRow?: number;
};

/** What has become of a data set's rows by a step, over all passes. */
export type RowCounts = {
  readonly name: string;
  readonly read: number;
  readonly trained: number;
  /** Rows that still wait for a batch without their texts. */
  readonly waiting: number;
  readonly leftOut: RowsLeftOut;
};
