export {
  type Devices,
  type Engine,
  type EngineModule,
  engineFromModule,
  type MemoryInUse,
  moduleOfEngine,
  type ProgramSizes,
  type RunningEngine,
} from "./engine.ts";
export { activeEngine, type DefinedEngine, defineEngine, type EngineParts } from "./define-engine.ts";
export { cpu } from "./cpu.ts";
export { tfjs, type TfjsOptions } from "./tfjs.ts";
export type { AnyAxes, Float, Int, AxisNames, AxisSizes } from "./named-axes.ts";
export { expectShape, expectShapes, type ShapeExpectation } from "./expect-shapes.ts";
export {
  packed,
  padded,
  inBlocks,
  type Layout,
  type LayoutData,
  type LayoutFixed,
  type LayoutOptions,
} from "./layout.ts";
export { inRows, layoutPositions, sentencesOf, type SentenceSpan } from "./layout-rows.ts";
export { betweenOps } from "./between-ops.ts";
export {
  defineOp,
  type DefinedOp,
  type Fixed,
  type FixedValue,
  type HostArray,
  type HostData,
  type None,
  type Op,
  type OpInputs,
  type OpResult,
  type Saved,
} from "./define-op.ts";
export { implement, type KernelResult } from "./implement.ts";
export { asWasmBackend, type WasmBackend, type WasmData, type WasmModule } from "./wasm-backend.ts";
export { valueAndGradients, type ValueAndGradientsOptions } from "./value-and-gradients.ts";
export { type RowGradient, type RowGradientClosure, rowGradient } from "./row-gradient.ts";
export { isStandIn, standIn } from "./stand-in.ts";
export { toFloat32Array } from "./to-float32-array.ts";
export { profileKernels, profileTable, type CountFlops, type KernelProfile, type Profile } from "./profile-kernels.ts";
