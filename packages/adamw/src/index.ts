export type { Schedule, ScheduleOptions } from "./schedule.ts";
export { constantSchedule } from "./constant-schedule.ts";
export { linearSchedule } from "./linear-schedule.ts";
export { cosineSchedule } from "./cosine-schedule.ts";
export { type PolynomialScheduleOptions, polynomialSchedule } from "./polynomial-schedule.ts";
export { type ScheduleName, scheduleByName, scheduleNames } from "./schedule-by-name.ts";
export type { NamedArrays } from "./named-arrays.ts";
export type { InitOptions, Transformation } from "./transformation.ts";
export { type StateOf, chain } from "./chain.ts";
export { type GlobalNormOptions, globalNorm } from "./global-norm.ts";
export { type ClipState, clipByGlobalNorm } from "./clip-by-global-norm.ts";
export { type AdamOptions, type AdamState, adam } from "./adam.ts";
export { type DecayOptions, type DecayState, decayWeights } from "./decay-weights.ts";
export { exceptBiasAndLayerNorm } from "./except-bias-and-layer-norm.ts";
export { type AdamwFlavour, type AdamwOptions, type AdamwState, adamw } from "./adamw.ts";
export { applyUpdates } from "./apply-updates.ts";
export {
  adamwInPlace,
  type AdamwInPlaceOptions,
  type AdamwInPlaceState,
  type InPlaceOptimizer,
  type TouchedElements,
} from "./adamw-in-place.ts";
export type { AdamScalars } from "./adam-scalars.ts";
export type { AdamwArrays, AdamwKernel, AdamwNumbers } from "./adamw-kernel.ts";
export { scriptKernel } from "./script-kernel.ts";
