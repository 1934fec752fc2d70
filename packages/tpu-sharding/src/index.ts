export { partitionSpec, type PartitionAxis } from "./partition-spec.ts";
export { shardArray, unshardArrays } from "./shard-array.ts";
export {
  allGather,
  allGatherOp,
  allReduce,
  allReduceOp,
  type CorePlace,
  reduceScatter,
  reduceScatterOp,
  type RowMesh,
  type RowsOption,
} from "./collective-ops.ts";
export {
  type NamedArrays,
  type ParameterPiece,
  type ParameterShard,
  type ParameterShards,
  parameterShards,
  parameterViews,
} from "./store-memory.ts";
export type { ParameterStore, StoreOptions, StoreUpdate } from "./parameter-store.ts";
export { type InitialValues, type TensorStore, tensorStore } from "./tensor-store.ts";
export { type StoreMemory, storeMemory, type TouchedRows } from "./store-memory.ts";
export { arrayStore } from "./array-store.ts";
export {
  firstProfiledStep,
  type MakeStepProgram,
  type StepContext,
  type StepProgram,
  type StepResult,
  type StepRunner,
  type StepRunnerOptions,
  type StoredArray,
  type StepShare,
  type Values,
} from "./step-runner.ts";
export { soloStepRunner, type SoloStepRunnerOptions } from "./solo-step-runner.ts";
export { type OwnStepParts, type StepCoreData, type StepHandlers, type StepJob, stepCore } from "./step-core.ts";
export { startStepRunner, type StartStepRunnerOptions } from "./start-step-runner.ts";
