import type { Schedule, ScheduleOptions } from "./schedule.ts";
import { warmupThen } from "./warmup-then.ts";

/**
 * Warm-up, then half a cosine wave down to 0 at `steps`: learningRate · (1 + cos(π · progress)) / 2.
 *
 * As transformers' `get_cosine_schedule_with_warmup`, but past the horizon the rate stays 0 where that one rises again.
 *
 * @throws ConfigError if a number is out of its range.
 * @see Loshchilov, Hutter (2017), SGDR: stochastic gradient descent with warm restarts, equation 5, without restarts.
 *
 * @example
 * ```ts
 * import { cosineSchedule } from "@kindred/adamw";
 *
 * const schedule = cosineSchedule({ learningRate: 8, warmupSteps: 2, steps: 6 });
 * [0, 1, 2, 4, 6, 7].map(schedule); // => [0, 4, 8, 4.0, 0, 0]
 * ```
 */
export function cosineSchedule(options: ScheduleOptions): Schedule {
  return warmupThen("cosineSchedule", options, (progress) => (1 + Math.cos(Math.PI * progress)) / 2);
}
