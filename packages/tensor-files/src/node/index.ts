export type { TensorFile, TensorSummary } from "./tensor-file.ts";
export { openSafetensors, type SafetensorsFile } from "./open-safetensors.ts";
export { openTorchCheckpoint, type TorchCheckpointFile } from "./open-torch-checkpoint.ts";
export { npyRowsWriter, type NpyRowsWriter } from "./npy-rows-writer.ts";
