export { type ArrayFile, openArray } from "./open-array.ts";
export {
  openSafetensors,
  openTorchCheckpoint,
  type SafetensorsFile,
  type TensorFile,
  type TorchCheckpointFile,
} from "./open-tensor-file.ts";
