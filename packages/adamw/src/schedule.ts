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
