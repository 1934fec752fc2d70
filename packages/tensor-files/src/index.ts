export { type Dtype, fromFloat32, type NamedTensor, type TensorSummary, toFloat32 } from "./named-tensor.ts";
export { readSafetensors, type ReadOptions, type Safetensors } from "./read-safetensors.ts";
export {
  planSafetensors,
  type PlanSafetensorsOptions,
  writeSafetensors,
  type WriteSafetensorsOptions,
} from "./write-safetensors.ts";
export { safetensorsIndex } from "./safetensors-index.ts";
export { readTorchCheckpoint, type TorchContents } from "./read-torch-checkpoint.ts";
export { readNpy } from "./read-npy.ts";
export { npyHead, writeNpy } from "./write-npy.ts";
