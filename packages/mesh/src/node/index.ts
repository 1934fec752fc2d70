export { startMesh, type StartMeshOptions } from "./start-mesh.ts";
