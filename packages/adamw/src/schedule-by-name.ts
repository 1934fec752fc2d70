import { ConfigError, nearestName } from "@kindred/errors";
import { constantSchedule } from "./constant-schedule.ts";
import { cosineSchedule } from "./cosine-schedule.ts";
import { linearSchedule } from "./linear-schedule.ts";
import { type PolynomialScheduleOptions, polynomialSchedule } from "./polynomial-schedule.ts";
import type { Schedule } from "./schedule.ts";

/** The schedules that a configuration can name. */
export type ScheduleName = "constant" | "linear" | "cosine" | "polynomial";

const schedules: { readonly [Name in ScheduleName]: (options: PolynomialScheduleOptions) => Schedule } = {
  constant: constantSchedule,
  linear: linearSchedule,
  cosine: cosineSchedule,
  polynomial: polynomialSchedule,
};

/** All of them, for a help text. */
export const scheduleNames = Object.keys(schedules) as readonly ScheduleName[];

/**
 * The schedule that a configuration names. Each takes its warm-up first; only "polynomial" uses `power`.
 *
 * @throws ConfigError for an unknown name, with the nearest known one, and as the schedule itself does.
 *
 * @example
 * ```ts
 * import { scheduleByName } from "@kindred/adamw";
 *
 * const schedule = scheduleByName("linear", { learningRate: 2e-5, warmupSteps: 500, steps: 540_000 });
 * schedule(250); // => 0.00001
 * ```
 */
export function scheduleByName(name: ScheduleName, options: PolynomialScheduleOptions): Schedule {
  if (Object.hasOwn(schedules, name)) return schedules[name](options);
  const nearest = nearestName(name, scheduleNames);
  throw new ConfigError(
    `scheduleByName: unknown schedule. Got ${name}, expected one of ${scheduleNames.join(", ")}.${nearest === undefined ? "" : ` Did you mean ${nearest}?`}`,
    { name, nearest },
  );
}
