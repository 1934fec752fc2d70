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
 * @example
 * ```ts
 * import { linearSchedule } from "@kindred/adamw";
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
 * @example
 * ```ts
 * import { constantSchedule } from "@kindred/adamw";
 * const schedule = constantSchedule({ learningRate: 8, warmupSteps: 4 });
 * [0, 1, 2, 3, 4, 1000].map(schedule); // => [0, 2, 4, 6, 8, 8]
 * ```
 */
export function constantSchedule(options: Omit<ScheduleOptions, "steps"> & { readonly steps?: number }): Schedule {
  const { warmupSteps = 0, steps = Infinity } = options;
  if (warmupSteps > 0 && warmupSteps < 1 && steps === Infinity) {
    const got = `Got warmupSteps ${warmupSteps} without steps, expected both. Give steps, or a number of steps.`;
    throw new ConfigError(`constantSchedule: a fraction of unknown steps. ${got}`, { warmupSteps });
  }
  return warmupThen("constantSchedule", { ...options, steps }, () => 1);
}

/**
 * Warm-up, then cosine waves from the peak down to `end`: end + (learningRate − end) · (1 + cos(2π · cycles · progress)) / 2.
 *
 * As transformers' `get_cosine_schedule_with_warmup`, and with `end` as its `…_with_min_lr_…`, but past the horizon the rate stays where
 * those two rise again.
 *
 * @param options `cycles` is the number of waves: 0.5, the default, goes down once. `end` is the rate at the bottom; default 0.
 * @throws ConfigError if a number is out of its range.
 * @see Loshchilov, Hutter (2017), SGDR: stochastic gradient descent with warm restarts, equation 5, without restarts.
 * @example
 * ```ts
 * import { cosineSchedule } from "@kindred/adamw";
 * const schedule = cosineSchedule({ learningRate: 8, warmupSteps: 2, steps: 6 });
 * [0, 1, 2, 4, 6, 7].map(schedule); // => [0, 4, 8, 4.0, 0, 0]
 * ```
 */
export function cosineSchedule(
  options: ScheduleOptions & { readonly cycles?: number; readonly end?: number },
): Schedule {
  const { cycles = 0.5 } = options;
  expectNumber("cosineSchedule", "cycles", cycles, "above 0", cycles > 0);
  const share = endShare("cosineSchedule", options, 0);
  const wave = (progress: number) => (1 + Math.cos(2 * Math.PI * cycles * progress)) / 2;
  return warmupThen("cosineSchedule", options, (progress) => wave(progress) * (1 - share) + share);
}

/**
 * Warm-up, then half a cosine wave down, `cycles` times from the peak, and 0 from `steps` on. As transformers'
 * `get_cosine_with_hard_restarts_schedule_with_warmup`.
 *
 * @param options `cycles` is a whole number of restarts; default 1. `end` is always 0.
 * @throws ConfigError if a number is out of its range.
 * @see Loshchilov, Hutter (2017), as for {@link cosineSchedule}, equation 5, with periods of one length.
 * @example
 * ```ts
 * import { cosineWithRestartsSchedule } from "@kindred/adamw";
 * const schedule = cosineWithRestartsSchedule({ learningRate: 8, steps: 8, cycles: 2 });
 * [0, 2, 4, 6, 8].map(schedule); // => [8, 4.0, 8, 4.0, 0]
 * ```
 */
export function cosineWithRestartsSchedule(options: ScheduleOptions & { readonly cycles?: number }): Schedule {
  const { cycles = 1 } = options;
  const isWhole = Number.isInteger(cycles) && cycles > 0;
  expectNumber("cosineWithRestartsSchedule", "cycles", cycles, "a whole number above 0", isWhole);
  const wave = (progress: number) => (1 + Math.cos(Math.PI * ((cycles * progress) % 1))) / 2;
  return warmupThen("cosineWithRestartsSchedule", options, (progress) => (progress < 1 ? wave(progress) : 0));
}

/**
 * Warm-up, then end + (learningRate − end) · (1 − progress) ^ power. As transformers' `get_polynomial_decay_schedule_with_warmup`.
 *
 * @param options `power` 1, the default, is the straight line, 2 falls fast first. `end` is the rate from `steps` on; default 1e-7, or the peak where that is less.
 * @throws ConfigError if a number is out of its range.
 * @example
 * ```ts
 * import { polynomialSchedule } from "@kindred/adamw";
 * const schedule = polynomialSchedule({ learningRate: 16, warmupSteps: 2, steps: 6, power: 2, end: 0 });
 * [0, 1, 2, 3, 4, 5, 6, 7].map(schedule); // => [0, 8, 16, 9, 4, 1, 0, 0]
 * ```
 */
export function polynomialSchedule(
  options: ScheduleOptions & { readonly power?: number; readonly end?: number },
): Schedule {
  const { power = 1 } = options;
  expectNumber("polynomialSchedule", "power", power, "a number above 0", power > 0 && power < Infinity);
  const share = endShare("polynomialSchedule", options, Math.min(1e-7, options.learningRate));
  return warmupThen("polynomialSchedule", options, (progress) => (1 - share) * (1 - progress) ** power + share);
}

/**
 * Warm-up, then learningRate · √(timescale / (t − warmupSteps + timescale)), without an end. As transformers' `get_inverse_sqrt_schedule`.
 *
 * @param options `timescale` is the number of steps after which the rate is 1/√2 of the peak; default: that of the warm-up, or 10,000.
 * @throws ConfigError if a number is out of its range.
 * @see Vaswani et al. (2017), Attention is all you need, equation 3.
 * @example
 * ```ts
 * import { inverseSqrtSchedule } from "@kindred/adamw";
 * const schedule = inverseSqrtSchedule({ learningRate: 8, warmupSteps: 4, steps: 100 });
 * [0, 2, 4, 16, 64].map(schedule); // => [0, 4, 8, 4, 2]
 * ```
 */
export function inverseSqrtSchedule(options: ScheduleOptions & { readonly timescale?: number }): Schedule {
  const warmup = wholeWarmupSteps(options);
  const timescale = options.timescale ?? (warmup > 0 ? warmup : 10_000);
  expectNumber("inverseSqrtSchedule", "timescale", timescale, "above 0", timescale > 0);
  const rise = warmupThen("inverseSqrtSchedule", options, () => 1);
  return (step) => rise(step) / Math.sqrt((Math.max(0, step - warmup) + timescale) / timescale);
}

/**
 * Warm-up, the peak, and over the last `decaySteps` half a cosine wave down to 0. As transformers' `get_wsd_schedule` with the steps of the
 * run.
 *
 * @param options `decaySteps` is a number of steps, or below 1 a share of `steps`, rounded up, or what the warm-up leaves of them; default 0.1.
 * @throws ConfigError if a number is out of its range.
 * @see Hu et al. (2024), MiniCPM, section 4 (warmup-stable-decay).
 * @example
 * ```ts
 * import { warmupStableDecaySchedule } from "@kindred/adamw";
 * const schedule = warmupStableDecaySchedule({ learningRate: 8, warmupSteps: 2, steps: 10, decaySteps: 4 });
 * [0, 1, 2, 6, 8, 10].map(schedule); // => [0, 4, 8, 8, 4.0, 0]
 * ```
 */
export function warmupStableDecaySchedule(options: ScheduleOptions & { readonly decaySteps?: number }): Schedule {
  const { steps, decaySteps = 0.1 } = options;
  const left = steps - wholeWarmupSteps(options);
  const decay = decaySteps < 1 ? Math.min(Math.ceil(decaySteps * steps), left) : decaySteps;
  const fits = decaySteps > 0 && decay <= left;
  expectNumber(
    "warmupStableDecaySchedule",
    "decaySteps",
    decaySteps,
    `above 0, and at most the ${left} steps after the warm-up`,
    fits,
  );
  const rise = warmupThen("warmupStableDecaySchedule", options, () => 1);
  // Where the warm-up takes all steps, nothing falls before the end.
  const fallen = (step: number) => (step < steps ? Math.max(0, step - (steps - decay)) / (decay || 1) : 1);
  return (step) => (rise(step) * (1 + Math.cos(Math.PI * fallen(step)))) / 2;
}

/** What a named schedule may be told beside warm-up and horizon, as its own function says. */
export type ScheduleShape = {
  readonly power?: number | undefined;
  readonly end?: number | undefined;
  readonly cycles?: number | undefined;
  readonly timescale?: number | undefined;
  readonly decaySteps?: number | undefined;
};

type ShapeOption = keyof ScheduleShape;
type Defined<T> = { readonly [Key in keyof T]?: NonNullable<T[Key]> };
type Named = readonly [(options: ScheduleOptions & Defined<ScheduleShape>) => Schedule, ...ShapeOption[]];

/** By transformers' names: the schedule, and what of its shape can be told. */
const schedules = {
  linear: [linearSchedule],
  cosine: [cosineSchedule, "cycles"],
  cosine_with_restarts: [cosineWithRestartsSchedule, "cycles"],
  cosine_with_min_lr: [cosineSchedule, "cycles", "end"],
  polynomial: [polynomialSchedule, "power", "end"],
  constant: [(options) => constantSchedule({ ...options, warmupSteps: 0 })],
  constant_with_warmup: [constantSchedule],
  inverse_sqrt: [inverseSqrtSchedule, "timescale"],
  warmup_stable_decay: [warmupStableDecaySchedule, "decaySteps"],
} as const satisfies { readonly [name in ScheduleName]: Named };

/** The schedules that a configuration can name. */
export type ScheduleName =
  | ("linear" | "polynomial" | "constant" | "constant_with_warmup" | "inverse_sqrt" | "warmup_stable_decay")
  | ("cosine" | "cosine_with_restarts" | "cosine_with_min_lr");

/** All of them, for a help text. */
export const scheduleNames = Object.keys(schedules) as readonly ScheduleName[];

/** What of its shape each can be told. */
export const scheduleShapes: Readonly<Record<ScheduleName, readonly (keyof ScheduleShape)[]>> = Object.fromEntries(
  Object.entries(schedules).map(([name, [, ...takes]]) => [name, takes]),
) as unknown as Record<ScheduleName, readonly ShapeOption[]>; // of the same keys

/**
 * The schedule that a configuration names, as transformers' `lr_scheduler_type` has it. "constant" has no warm-up. "reduce_lr_on_plateau" and
 * "greedy", which follow a metric instead of the step, are not among them.
 *
 * @throws ConfigError for an unknown name, with the nearest known one, for a part of the shape that this schedule has not, and as the
 * schedule itself does.
 * @example
 * ```ts
 * import { scheduleByName } from "@kindred/adamw";
 * const schedule = scheduleByName("linear", { learningRate: 2e-5, warmupSteps: 500, steps: 540_000 });
 * schedule(250); // => 0.00001
 * ```
 */
export function scheduleByName(name: ScheduleName, options: ScheduleOptions, shape: ScheduleShape = {}): Schedule {
  if (!Object.hasOwn(schedules, name)) {
    const nearest = nearestName(name, scheduleNames);
    const hint = nearest === undefined ? "" : ` Did you mean ${nearest}?`;
    const message = `scheduleByName: unknown schedule. Got ${name}, expected one of ${scheduleNames.join(", ")}.${hint}`;
    throw new ConfigError(message, { name, nearest });
  }
  const [schedule]: Named = schedules[name];
  const takes = scheduleShapes[name];
  const told = Object.entries(shape).filter(([, value]) => value !== undefined);
  const [key] = told.find(([key]) => !takes.some((taken) => taken === key)) ?? [];
  if (key !== undefined) {
    const message = `scheduleByName: ${name} has no ${key}. Got one, expected ${takes.join(", ") || "nothing"} beside warm-up and steps.`;
    throw new ConfigError(message, { name, key, takes });
  }
  return schedule({ ...options, ...Object.fromEntries(told) });
}

function expectNumber(functionName: string, name: string, value: number, rule: string, holds: boolean): void {
  if (holds) return;
  throw new ConfigError(`${functionName}: ${name} is out of range. Got ${value}, expected ${rule}.`, { [name]: value });
}

/** The last rate as a share of the peak. */
function endShare(
  functionName: string,
  { learningRate, end }: ScheduleOptions & { readonly end?: number },
  otherwise: number,
): number {
  const last = end ?? otherwise;
  expectNumber(
    functionName,
    "end",
    last,
    `from 0 to learningRate ${learningRate}`,
    last >= 0 && !(last > learningRate),
  );
  return learningRate > 0 ? last / learningRate : 0;
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
