import { ConfigError } from "@kindred/errors";
import type { Schedule, ScheduleOptions } from "./schedule.ts";

/**
 * Rises in a straight line to `learningRate`, then follows `shape`, which gives the share of it left at a progress from 0 (end of
 * warm-up) to 1 (horizon).
 *
 *     t < warmupSteps:  learningRate · t / warmupSteps
 *     otherwise:        learningRate · shape(min(1, (t − warmupSteps) / (steps − warmupSteps)))
 *
 * With warm-up, the first update has rate 0, as in the original and in transformers.
 */
export function warmupThen(
  functionName: string,
  options: ScheduleOptions,
  shape: (progress: number) => number,
): Schedule {
  const { learningRate, steps } = options;
  const warmupSteps = wholeWarmupSteps(options);
  const expectRule = (rule: string, holds: boolean) => {
    if (!holds) {
      throw new ConfigError(
        `${functionName}: a setting is out of range. Got learningRate ${learningRate}, warmupSteps ${options.warmupSteps}, steps ${steps}, expected ${rule}.`,
        { ...options },
      );
    }
  };
  expectRule("learningRate finite and not below 0", learningRate >= 0 && learningRate < Infinity);
  expectRule("steps above 0", steps > 0);
  expectRule("warmupSteps not below 0", warmupSteps >= 0);
  expectRule("warmupSteps at most steps (a longer warm-up would never reach the learning rate)", warmupSteps <= steps);
  return (step) => {
    if (step < warmupSteps) return (learningRate * step) / warmupSteps;
    if (step >= steps) return learningRate * shape(1);
    return learningRate * shape((step - warmupSteps) / (steps - warmupSteps));
  };
}

function wholeWarmupSteps({ warmupSteps = 0, steps }: ScheduleOptions): number {
  return warmupSteps > 0 && warmupSteps < 1 ? Math.ceil(warmupSteps * steps) : warmupSteps;
}
