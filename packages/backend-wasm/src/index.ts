export { wasm, type WasmExtra, type WasmOptions } from "./wasm.ts";
export type { KernelVariant } from "./kernel-variant.ts";
export type { Revectorization } from "./choose-kernels.ts";
export { wasmArrayKernels } from "./array-kernels.ts";
export { startWeightForms, type WeightFormsOptions } from "./frozen/start-weight-forms.ts";
export type { WeightForms } from "./frozen/weight-forms.ts";
export type { LinearCall, Packing, WeightForm } from "./frozen/weight-form.ts";
