export { partitionSpec, type PartitionAxis } from "./partition-spec.ts";
export { shardArray, unshardArrays } from "./shard-array.ts";
export { allGather } from "./all-gather.ts";
export { reduceScatter } from "./reduce-scatter.ts";
export { allReduce } from "./all-reduce.ts";
export { allGatherRows, type GatheredRows } from "./all-gather-rows.ts";
export { reduceScatterRows } from "./reduce-scatter-rows.ts";
export {
  parameterShards,
  type ParameterPiece,
  type ParameterShard,
  type ParameterShards,
} from "./parameter-shards.ts";
export { parameterViews, type NamedArrays } from "./parameter-views.ts";
export { sharedArrays } from "./shared-arrays.ts";
export { sharedHeap, type SharedHeap } from "./shared-heap.ts";
export { touchedRows, type TouchedRows } from "./touched-rows.ts";
export { exchangeMemory, type ExchangeMemory } from "./exchange-memory.ts";
export type { GradientRows } from "./local-gradients.ts";
export { parameterExchange, type ExchangeOptions, type ParameterExchange } from "./parameter-exchange.ts";
