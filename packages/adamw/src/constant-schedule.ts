import { ConfigError } from "@kindred/errors";
import type { Schedule, ScheduleOptions } from "./schedule.ts";
import { warmupThen } from "./warmup-then.ts";

/**
 * Warm-up, then the same rate for ever. `steps` may be left out unless `warmupSteps` is a fraction of it.
 *
 * @throws ConfigError if a number is out of its range.
 *
 * @example
 * ```ts
 * import { constantSchedule } from "@kindred/adamw";
 *
 * const schedule = constantSchedule({ learningRate: 8, warmupSteps: 4 });
 * [0, 1, 2, 3, 4, 1000].map(schedule); // => [0, 2, 4, 6, 8, 8]
 * ```
 */
export function constantSchedule(options: Omit<ScheduleOptions, "steps"> & { readonly steps?: number }): Schedule {
  const { warmupSteps = 0, steps = Infinity } = options;
  if (warmupSteps > 0 && warmupSteps < 1 && steps === Infinity) {
    throw new ConfigError(
      `constantSchedule: a fraction of unknown steps. Got warmupSteps ${warmupSteps} without steps, expected both. Give steps, or a number of steps.`,
      { warmupSteps },
    );
  }
  return warmupThen("constantSchedule", { ...options, steps }, () => 1);
}
