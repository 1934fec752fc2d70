export type { Dtype } from "./dtype.ts";
export type { NamedTensor } from "./named-tensor.ts";
export { readSafetensors, type ReadOptions, type Safetensors } from "./read-safetensors.ts";
export { toFloat32 } from "./to-float32.ts";
export { fromFloat32 } from "./from-float32.ts";
export { writeSafetensors, type WriteSafetensorsOptions } from "./write-safetensors.ts";
export { readNpy } from "./read-npy.ts";
export { writeNpy } from "./write-npy.ts";
