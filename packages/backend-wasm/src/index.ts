export { wasm, type WasmExtra, type WasmOptions } from "./wasm.ts";
export type { KernelVariant } from "./kernel-variant.ts";
export type { Revectorization } from "./revectorization.ts";
export { adamwKernel, type WasmAdamwKernel } from "./adamw-kernel.ts";
