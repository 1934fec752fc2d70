export type { NumericArray } from "./numeric-array.ts";
export { sumArrays } from "./numeric-array.ts";
export { shardCounts, shardRows, type RowRange } from "./shard-rows.ts";
export type { Core, CoreProgram, Handlers, Into } from "./core.ts";
export { soloCore } from "./solo-core.ts";
export type { CallOptions, Mesh } from "./mesh.ts";
export type { MeshOptions } from "./connect-mesh.ts";
export { runAsCore, startMesh, type StartMeshOptions } from "./start-mesh.ts";
