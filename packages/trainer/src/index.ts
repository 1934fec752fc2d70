export type { LossName } from "./built-in-losses.ts";
export { lossNames } from "./options/loss-options.ts";
export { type TrainConfig, trainOptions } from "./train-options.ts";
export { type TrainPreset, trainPresets } from "./train-presets.ts";
export {
  type ConfigSource,
  expectEqualShares,
  expectSameOptions,
  learningRateSchedule,
  trainConfig,
} from "./train-config.ts";
export { type GroupOptions, parameterGroups } from "./parameter-groups.ts";
export {
  familiesOf,
  type Kindred,
  loadProgram,
  lossOf,
  type ProgramSource,
  refuseProgramOptions,
  type TrainParts,
  type TrainProgram,
  trainProgram,
} from "./train-program.ts";
export {
  columnLengths,
  columnPrompts,
  dropoutOf,
  expectPromptsPooled,
  loadedModel,
  modelToSave,
  newModel,
  parameterCount,
  type TrainableModel,
} from "./trainable-model.ts";
export type { EvaluationSet, Judging, RowSet, RunData, SeenRows, SetPass, TrainingSet } from "./run-data.ts";
export { trainingData, type TrainingData } from "./training-data.ts";
export { countEpochs } from "./epoch-steps.ts";
export { type BatchSampler, type MakeSampler, trainingSampler } from "./training-steps.ts";
export type { Checkpoint, DivergedStep, RunSaves, TrainerState } from "./checkpoint.ts";
export {
  type GradientReceivers,
  trainingCore,
  type TrainingCoreData,
  trainingCoreModule,
  type TrainingJob,
  trainingOptimizer,
  type TrainingTask,
  trainingStep,
} from "./training-core.ts";
export {
  lossWeights,
  runState,
  type TrainingRunner,
  trainingSteps,
  type TrainingStepsOptions,
} from "./training-steps.ts";
export type { StoredState } from "./stored-state.ts";
export { type RunParts, trainingRun } from "./training-run.ts";
export { rehearsal, type RehearsalParts } from "./rehearsal.ts";
export { type MemoryEstimate, memoryEstimate, type MemoryFacts } from "./memory-estimate.ts";
export type { ColumnRole } from "./source-summary.ts";
export type { Overlap } from "./data-checks.ts";
export type { RowCounts, RowsLeftOut, SourceSummary } from "./data-events.ts";
export {
  type CompiledProgram,
  type HeldOutExamples,
  type MetricSummary,
  type NeighbourExample,
  readBy,
  type RunReader,
  type ScoreSnapshot,
  type TaskSize,
  type TrainEvent,
} from "./train-event.ts";
export { expectDimensions, expectGuides, type Guide, guideFolders, guideVectors } from "./guides.ts";
export {
  type BatchParts,
  type BatchShare,
  dealBatch,
  type Deal,
  type NumberedSentences,
  withAlikeChunks,
} from "./deal-batch.ts";
export type { AlikeChunksOptions } from "./alike-chunks.ts";
export {
  type EncodeTexts,
  type EvaluationTask,
  fewMeasured,
  type Measured,
  type Metrics,
  type Pool,
  taskSize,
} from "./evaluators/evaluation-task.ts";
export { evaluatorNames, type EvaluatorName, judgedBy, type RowsToJudge } from "./evaluators/evaluators.ts";
export { evaluationFile } from "./evaluators/evaluation-file.ts";
export { baselines, evaluateTasks, metricNames, type TaskMetrics } from "./evaluators/evaluate-tasks.ts";
export {
  type Followed,
  followedMetric,
  type FollowOptions,
  metricSummaries,
  type Standing,
  standingOf,
} from "./evaluators/best-model.ts";
