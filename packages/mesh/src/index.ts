export type { NumericArray } from "./mesh-memory.ts";
export { sumArrays } from "./mesh-core.ts";
export { shardCounts, shardRows, type RowRange } from "./shard-rows.ts";
export type { Core, CoreProgram, Handlers, Into } from "./core.ts";
export { soloCore } from "./solo-core.ts";
export type { CallOptions, Mesh } from "./mesh.ts";
export type { MeshOptions } from "./connect-mesh.ts";
export {
  type HandlerOptions,
  type JobHandler,
  type JobOptions,
  nextTask,
  type PoolProgram,
  type ProgramOptions,
  soloPool,
  type WorkerPool,
} from "./worker-pool.ts";
export type { PoolOptions } from "./connect-pool.ts";
export { runAsCore, startMesh, type StartMeshOptions } from "./start-mesh.ts";
export { runAsWorker, startPool, type StartPoolOptions } from "./start-pool.ts";
