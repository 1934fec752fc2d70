import type { Schedule, ScheduleOptions } from "./schedule.ts";
import { warmupThen } from "./warmup-then.ts";

/**
 * Warm-up, then a straight line down to 0 at `steps`: learningRate · (steps − t) / (steps − warmupSteps). The original's.
 *
 * As transformers' `get_linear_schedule_with_warmup`, but a warm-up longer than `steps` is refused.
 *
 * @throws ConfigError if a number is out of its range.
 *
 * @example
 * ```ts
 * import { linearSchedule } from "@kindred/adamw";
 *
 * const schedule = linearSchedule({ learningRate: 8, warmupSteps: 2, steps: 6 });
 * [0, 1, 2, 3, 4, 5, 6, 7].map(schedule); // => [0, 4, 8, 6, 4, 2, 0, 0]
 * ```
 */
export function linearSchedule(options: ScheduleOptions): Schedule {
  return warmupThen("linearSchedule", options, (progress) => 1 - progress);
}
