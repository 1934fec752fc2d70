import { ConfigError } from "@kindred/errors";
import type { Schedule, ScheduleOptions } from "./schedule.ts";
import { warmupThen } from "./warmup-then.ts";

/** What {@link polynomialSchedule} is made from. */
export type PolynomialScheduleOptions = ScheduleOptions & {
  /** The exponent, above 0: 1 is the straight line, 2 falls fast first. Default 2. */
  readonly power?: number;
};

/**
 * Warm-up, then learningRate · (1 − progress) ^ power, which is 0 at `steps`.
 *
 * transformers' `get_polynomial_decay_schedule_with_warmup` ends at 1e-7 and has power 1 by default; here the end is 0.
 *
 * @throws ConfigError if a number is out of its range.
 *
 * @example
 * ```ts
 * import { polynomialSchedule } from "@kindred/adamw";
 *
 * const schedule = polynomialSchedule({ learningRate: 16, warmupSteps: 2, steps: 6, power: 2 });
 * [0, 1, 2, 3, 4, 5, 6, 7].map(schedule); // => [0, 8, 16, 9, 4, 1, 0, 0]
 * ```
 */
export function polynomialSchedule(options: PolynomialScheduleOptions): Schedule {
  const { power = 2 } = options;
  if (!(power > 0 && power < Infinity)) {
    throw new ConfigError(`polynomialSchedule: power is out of range. Got ${power}, expected a number above 0.`, {
      power,
    });
  }
  return warmupThen("polynomialSchedule", options, (progress) => (1 - progress) ** power);
}
