export { startMesh, type StartMeshOptions } from "./start-mesh.ts";
export { startPool, type StartPoolOptions } from "./start-pool.ts";
