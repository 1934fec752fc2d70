import type { TextRow } from "../text-row.ts";

/** A named, re-readable source of text rows. */
export type Dataset = {
  /** The path, or the `npm:` name, under which it was opened. */
  readonly name: string;
  /** The rows from the beginning, anew at each call. Leaving the loop early closes the file. */
  rows(): AsyncIterable<TextRow>;
  /** How many bad lines the last (or running) pass has left out; always 0 unless `onBadLine` is `"skip"`. */
  readonly skipped: number;
};

/** Which part of a built-in corpus: what may be trained on, what is kept back for evaluation, or both. */
export type Split = "train" | "held-out" | "all";
