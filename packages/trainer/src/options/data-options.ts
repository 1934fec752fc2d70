import { grouped, option } from "@kindred/options";
import * as v from "valibot";
import { evaluatorNames } from "../evaluators/evaluators.ts";
import { count, countOrZero, share, text } from "./option-rules.ts";

/** Where the texts of a run come from, and which of them are kept for evaluation. */
export const dataOptions = grouped("Data", {
  data: option(
    text,
    "",
    "Training pairs: a .jsonl, .csv or .tsv file, each also as .gz or .zst, a .parquet file, a data_config.json that weights several, or npm:<built-in corpus>.",
  ),
  dataFolder: option(
    text,
    "",
    "Folder in which the files of a data_config.json lie. Default: the folder of the data_config.json.",
  ),
  evalData: option(
    v.array(text),
    [],
    "More held-out data files to evaluate on, beside the rows held out of the training data. FILE:EVALUATOR says how, as in dev.jsonl:one-of-100; else the columns decide (see holdOutEvaluators). Repeat the flag for several.",
  ),
  maxEvalRows: option(count, 20_000, "The most rows of a file of evalData that are evaluated on, from its first."),
  holdOut: option(
    share,
    0.02,
    "Share of each training file's rows that is held out for evaluation, chosen by a hash of the row's group or first text.",
  ),
  maxHoldOutRows: option(countOrZero, 500, "The most rows that are held out of one file."),
  holdOutEvaluators: option(
    v.array(v.picklist(evaluatorNames)),
    [],
    "What held-out rows are judged by: retrieval, one-of-100, triplet, sts, paraphrase. Default: paraphrase for pairs labelled 1 and 0, sts for pairs with another number, retrieval for texts alone. Repeat the flag for several.",
  ),
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
