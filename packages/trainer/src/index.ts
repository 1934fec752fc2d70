export { type TrainConfig, trainOptions } from "./train-options.ts";
export { type TrainPreset, trainPresets } from "./train-presets.ts";
export { type ConfigSource, trainConfig } from "./train-config.ts";
export type { MetricSummary, NeighbourExample, SourceSummary, TrainEvent } from "./train-event.ts";
export { type BatchShare, dealBatch } from "./deal-batch.ts";
export { type TrainingTask, trainingStep } from "./training-step.ts";
export {
  type EvaluationTask,
  type Metrics,
  type Pool,
  type ScoredPair,
  baselines,
  evaluateTasks,
  pairTask,
  scoredTask,
} from "./evaluation-task.ts";
export { reportHtml } from "./report-html.ts";
