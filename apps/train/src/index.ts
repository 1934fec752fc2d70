export {
  type ConfigSource,
  type Kindred,
  type RunReader,
  trainConfig,
  type TrainConfig,
  type TrainEvent,
  trainOptions,
  type TrainParts,
  type TrainPreset,
  type TrainProgram,
  trainProgram,
  trainPresets,
} from "@kindred/trainer";
export { newestRun, readRunConfig, type ResumePoint, resumePoint } from "@kindred/run-folder/node";
export { train, type TrainOptions } from "./train.ts";
export { batchGradients, type BatchGradientsOptions } from "./batch-gradients.ts";
export { mineHardNegatives, type MineOptions, type MineProgress, type MineSummary } from "./mine-hard-negatives.ts";
export { distill, type DistillEvent, type DistillOptions } from "./distill/distill.ts";
export { type DistillConfig, distillConfig, readDistillConfig } from "./distill/distill-config.ts";
export { distillDefaults, distillOwnOptions } from "./distill/distill-options.ts";
export { distillStaticFlags } from "./distill-static.ts";
export { mineFlags } from "./mine.ts";
export { prepareFlags } from "./prepare.ts";
export { main } from "./main.ts";
