export { type TrainOptions, train } from "./train.ts";
export { type ResumePoint, type TrainerState, resumePoint } from "./checkpoint.ts";
export { readRunConfig } from "./read-run-config.ts";
export { newestRun } from "./newest-run.ts";
export { type BatchGradientsOptions, batchGradients } from "./batch-gradients.ts";
