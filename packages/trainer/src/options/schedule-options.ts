import { scheduleNames } from "@kindred/adamw";
import { grouped, option } from "@kindred/options";
import * as v from "valibot";
import { count, countOrZero, positive, rate } from "./option-rules.ts";

/** How many steps, and the learning rate over them. */
export const scheduleOptions = grouped("Steps and optimizer", {
  maxSteps: option(count, 2000, "Steps of the schedule: the rate reaches its end here."),
  epochs: option(
    v.optional(positive),
    undefined,
    "Instead of maxSteps: how often every row is trained on; 0.5 is half of them once. The steps that this takes are counted before the run, with what is left out. A last batch that would not be full is left out.",
  ),
  gradientAccumulationSteps: option(
    count,
    1,
    "Batches whose gradients are averaged for one step of the optimizer. They add no negatives: a larger batchSize does, and takes no more memory.",
  ),
  stopAt: option(countOrZero, 0, "Stop after this step, though the schedule goes on; 0 = at maxSteps."),
  learningRate: option(rate, 2e-5, "Peak learning rate."),
  lrSchedulerType: option(
    v.picklist(scheduleNames),
    "linear",
    "How the rate falls after the warm-up, by transformers' names and to the same numbers; constant has no warm-up.",
  ),
  lrPower: option(v.optional(positive), undefined, "polynomial: the exponent. Default: 1."),
  lrEnd: option(v.optional(rate), undefined, "polynomial, cosine_with_min_lr: the last rate. Default: 1e-7 and 0."),
  lrCycles: option(
    v.optional(positive),
    undefined,
    "cosine and its like: the number of waves (default: 0.5, down once); cosine_with_restarts: of falls (default: 1).",
  ),
  lrTimescale: option(
    v.optional(positive),
    undefined,
    "inverse_sqrt: steps until the rate is 1/√2 of its peak. Default: those of the warm-up, or 10,000.",
  ),
  lrDecaySteps: option(
    v.optional(positive),
    undefined,
    "warmup_stable_decay: steps of the last fall; below 1, a share of maxSteps. Default: 0.1.",
  ),
  warmupSteps: option(
    rate,
    500,
    "Steps over which the rate rises from 0; below 1, a share of maxSteps. Not given, it is a tenth of a run of less than 1000 steps.",
  ),
});
