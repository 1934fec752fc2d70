export { wasm, type WasmExtra, type WasmOptions } from "./wasm.ts";
export type { KernelVariant } from "./kernel-variant.ts";
export type { Revectorization } from "./choose-kernels.ts";
export { wasmArrayKernels } from "./array-kernels.ts";
