import { grouped, option } from "@kindred/options";
import * as v from "valibot";
import { count, countOrZero, rate, text } from "./option-rules.ts";

/** When a run tells how it goes, and which of its models is the best. */
export const evaluatingOptions = grouped("The run", {
  loggingSteps: option(count, 10, "Steps between progress events."),
  tensorboard: option(
    v.boolean(),
    true,
    "Write event files for TensorBoard into the run's tensorboard folder: tensorboard --logdir runs.",
  ),
  evalSteps: option(countOrZero, 500, "Steps between evaluations; 0 = only before and after."),
  metricForBestModel: option(
    text,
    "",
    "The metric that says which checkpoint is the best, which is then kept, as in dev_mrr@10; one that there will not be is refused with those that there will. Default: the mean of several tasks' first metric, or the only one's; not followed unless asked for.",
  ),
  greaterIsBetter: option(
    v.optional(v.boolean()),
    undefined,
    "Whether more of metricForBestModel is better. Default: as the metric has it, which is yes for all that Kindred measures.",
  ),
  loadBestModelAtEnd: option(
    v.boolean(),
    false,
    "Write the model of the best checkpoint at the end, not the last one. Evaluations need checkpoints then: evalSteps a multiple of saveSteps.",
  ),
  earlyStoppingPatience: option(
    countOrZero,
    0,
    "End the run after so many evaluations in a row without a gain of metricForBestModel; 0 = never.",
  ),
  earlyStoppingThreshold: option(rate, 0, "Less than this is no gain to earlyStoppingPatience."),
});
