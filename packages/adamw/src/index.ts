export {
  constantSchedule,
  cosineSchedule,
  cosineWithRestartsSchedule,
  inverseSqrtSchedule,
  linearSchedule,
  polynomialSchedule,
  type Schedule,
  type ScheduleName,
  type ScheduleOptions,
  type ScheduleShape,
  scheduleByName,
  scheduleNames,
  scheduleShapes,
  warmupStableDecaySchedule,
} from "./schedules.ts";
export type { Optimizer, OwnArrays, OwnTensors, StepNumbers } from "./optimizer.ts";
export { groupOf, type ParameterGroup } from "./parameter-group.ts";
export { type AdamwFlavour, type AdamwOptions, adamw } from "./adamw.ts";
export { clipFactor, globalNorm } from "./global-norm.ts";
export {
  type AdamwArrays,
  type AdamwNumbers,
  type ArrayKernels,
  arrayKernels,
  type MakesArrayKernels,
  scriptKernels,
} from "./array-kernels.ts";
