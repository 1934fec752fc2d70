export { findPlugin, findPlugins, type FindOptions, type FoundPlugin } from "./find-plugin.ts";
export { openPlugin, Plugin, type PluginOptions } from "./open-plugin.ts";
export type { NamedValue, NamedValues } from "./named-values.ts";
export {
  Client,
  type CompileOptions,
  type LiveResources,
  type PutOptions,
} from "./client.ts";
export type { ClientOptions } from "./create-client.ts";
export type { Device, DeviceDescription, DeviceMemory } from "./device.ts";
export { type ElementType, type HostArray, tensorBytes, type TensorSpec } from "./element-type.ts";
export { DeviceBuffer } from "./device-buffer.ts";
export { Executable, type ExecuteOptions } from "./executable.ts";
export type { ProgramCost, ProgramMemory, ProgramText } from "./compiled-program.ts";
export type { ParameterSpec, Signature } from "./read-signature.ts";
export { type CompiledProgram, Topology } from "./topology.ts";
export { type PjrtCode, PjrtError } from "./pjrt-error.ts";
