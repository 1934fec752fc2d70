export {
  type ConfigSource,
  type RunReader,
  trainConfig,
  type TrainConfig,
  type TrainEvent,
  trainOptions,
  type TrainPreset,
  trainPresets,
} from "@kindred/trainer";
export { newestRun, readRunConfig, type ResumePoint, resumePoint } from "@kindred/run-folder/node";
export { train, type TrainOptions } from "./train.ts";
export { batchGradients, type BatchGradientsOptions } from "./batch-gradients.ts";
export { main } from "./main.ts";
