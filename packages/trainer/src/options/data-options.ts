import { grouped, option } from "@kindred/options";
import * as v from "valibot";
import { count, countOrZero, share, text } from "./option-rules.ts";

/** Where the texts of a run come from, and which of them are kept for evaluation. */
export const dataOptions = grouped("Data", {
  data: option(
    text,
    "",
    "Training pairs: a .jsonl, .csv or .tsv file, each also as .gz or .zst, a data_config.json that weights several, or npm:<built-in corpus>.",
  ),
  dataFolder: option(
    text,
    "",
    "Folder in which the files of a data_config.json lie. Default: the folder of the data_config.json.",
  ),
  evalData: option(
    v.array(text),
    [],
    "More held-out data files to evaluate on, beside the rows held out of the training data. Repeat the flag for several.",
  ),
  holdOut: option(
    share,
    0.02,
    "Share of each training file's rows that is held out for evaluation, chosen by a hash of the row's group or first text.",
  ),
  maxHoldOutRows: option(countOrZero, 500, "The most rows that are held out of one file."),
  columns: option(
    text,
    "",
    "Names of the columns to train on, in the order query, positive, negatives, with commas: anchor,positive. Others are left out, score and label too unless named. Default: all, in the order of the file.",
  ),
  numNegatives: option(
    v.optional(countOrZero),
    undefined,
    "Negatives of every row, where rows have different numbers of them: of more, some are drawn; fewer are filled up with those of other rows. Default: all rows must have as many as the first.",
  ),
  onBadLine: option(
    v.picklist(["error", "skip"]),
    "error",
    "What to do at a line that is not a row: stop and name it, or skip and count it.",
  ),
  maxRowsInMemory: option(
    count,
    2_000_000,
    "A file with more rows is streamed in its own order instead of shuffled in memory.",
  ),
});
