export {
  startMesh,
  type StartMeshOptions,
  startPool,
  type StartPoolOptions,
  type ThreadOptions,
} from "./worker-threads.ts";
