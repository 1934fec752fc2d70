import { ConfigError, nearestName } from "@kindred/errors";

/** The learning rate of a step. Steps count from 0: the first update is made with `schedule(0)`. */
export type Schedule = (step: number) => number;

/** What all schedules are made from. */
export type ScheduleOptions = {
  /** The rate at the end of warm-up: the highest. */
  readonly learningRate: number;
  /** How many steps the rate rises; a number above 0 and below 1 is a fraction of `steps`, rounded up. Default 0. */
  readonly warmupSteps?: number;
  /** The horizon, at which a decay has arrived. A run may stop before it; after it the rate stays. */
  readonly steps: number;
};

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

/**
 * Rises in a straight line to `learningRate`, then follows `shape`, which gives the share of it left at a progress from 0 (end of
 * warm-up) to 1 (horizon).
 *
 *     t < warmupSteps:  learningRate · t / warmupSteps
 *     otherwise:        learningRate · shape(min(1, (t − warmupSteps) / (steps − warmupSteps)))
 *
 * With warm-up, the first update has rate 0, as in the original and in transformers.
 */
function warmupThen(functionName: string, options: ScheduleOptions, shape: (progress: number) => number): Schedule {
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
