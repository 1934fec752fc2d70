export { startTrainingMesh, type StartOptions } from "./training-mesh.ts";
