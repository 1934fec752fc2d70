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
    "The most tokens, of all columns together, that a core runs forward and back at once. A larger share of a batch is cut and its loss computed whole (GradCache).",
  ),
  mixing: option(
    v.picklist(["rounds", "batch"]),
    "rounds",
    "How several data sets mix: one of them for a round of steps, as the original system, or all of them in every batch.",
  ),
  roundSteps: option(count, 4, "Steps of a round."),
  duplicates: option(
    v.picklist(["defer", "drop", "allow"]),
    "defer",
    "What to do with a row that repeats a text of its batch: use it later, leave it out and count it, or allow it.",
  ),
});
