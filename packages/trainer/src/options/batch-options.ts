import { grouped, option } from "@kindred/options";
import * as v from "valibot";
import { count } from "./option-rules.ts";

/** How rows become batches, and how a batch fits into memory. */
export const batchOptions = grouped("Batches", {
  batchSize: option(
    v.pipe(v.number(), v.integer(), v.minValue(2)),
    1024,
    "Pairs of a step over all cores. Every pair is a negative of every other, so this is part of the task, not only of its speed.",
  ),
  maxBatchTokens: option(
    count,
    4096,
    "The most tokens, of all columns together, that a core runs forward and back at once. A larger share of a batch is cut and its loss computed whole (GradCache), which changes nothing but rounding. At least maxSeqLength; with backend xla one block, of 64 tokens or more, is the least that is run at once.",
  ),
  mixing: option(
    v.picklist(["rounds", "batch", "round_robin", "proportional"]),
    "rounds",
    "How several data sets mix: one of them, by weight, for a round of steps, as the original system; all of them, by weight, in every batch; one after another (round_robin); or one, as often as it has batches (proportional), as sentence-transformers has them.",
  ),
  mixingTemperature: option(
    v.optional(v.pipe(v.number(), v.gtValue(0), v.finite())),
    undefined,
    "Weights by size, for rounds and batch: each weight times rows to the power of 1 / this. 1 is in proportion to size, 2 to its root, more makes data sets more alike. Default: the weights as they are.",
  ),
  roundSteps: option(count, 4, "rounds: steps in a row whose rows are all of one data set."),
  runsPerRound: option(
    count,
    2,
    "rounds: data sets drawn for a round, one after another. All rows of a round have one number of texts.",
  ),
  duplicates: option(
    v.picklist(["defer", "drop", "allow"]),
    "defer",
    "What to do with a row that repeats a text of its batch: use it later, leave it out and count it, or allow it.",
  ),
  duplicateScope: option(
    v.picklist(["batch", "round"]),
    "batch",
    "Where no text may stand twice: in a batch, or in all batches of a round (runsPerRound times roundSteps), as in the original system.",
  ),
  ownTextTwice: option(
    v.picklist(["drop", "keep"]),
    "drop",
    "What to do with a row that holds one text twice: leave it out and count it, or train on it, as the original system did.",
  ),
  rowOrder: option(
    v.picklist(["shuffle", "file", "file-first", "original"]),
    "shuffle",
    "Order of a file's rows: a new one in every pass, the file's own, or that in the first pass only. original: file-first, but of a file with reddit_ in its path always the file's own, streamed.",
  ),
  firstRows: option(
    v.picklist(["keep", "lose"]),
    "keep",
    "Whether the first row of every file is trained on, or lost, as in the original system, which counted columns by it.",
  ),
  groupByLabel: option(
    v.boolean(),
    false,
    "Rows come into batches in twos of one label, as losses that compare rows by label need (batch-hard-triplet). A row that has no other of its label is left out and counted.",
  ),
});

/** The options by which rows are drawn: a program's sampler stands for them, and a run that goes on keeps them. */
export const drawingOptions = [
  "mixing",
  "mixingTemperature",
  "roundSteps",
  "runsPerRound",
  "duplicates",
  "duplicateScope",
  "ownTextTwice",
  "rowOrder",
  "firstRows",
  "groupByLabel",
] as const satisfies readonly (keyof typeof batchOptions)[];
