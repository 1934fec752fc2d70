import { writeNamedValues, type NamedValues } from "./named-values.ts";
import { encodeCompileOptions } from "./compile-options.ts";
import {
  compileWith,
  costOf,
  memoryOf,
  type ProgramCost,
  type ProgramMemory,
  type ProgramText,
  serializeExecutable,
} from "./compiled-program.ts";
import { type DeviceDescription, describeDevice } from "./device.ts";
import type { PjrtApi } from "./pjrt-api.ts";
import { PjrtError } from "./pjrt-error.ts";

/** A program that was compiled for devices that need not be there. */
export type CompiledProgram = {
  /** The memory it needs on each device. */
  readonly memory: ProgramMemory;
  /** What the compiler expects it to cost. */
  readonly cost: ProgramCost;
  /** As bytes, for {@link Client.load} where the devices are. */
  serialize(): Uint8Array;
  /** Frees it. */
  dispose(): void;
};

/**
 * A kind of machine that a plugin can compile for ahead of time, such as `v3:2x2` of libtpu.
 *
 * @example
 * ```ts ignore
 * const topology = plugin.topology("v5e:2x4");
 * const { memory, cost } = topology.compile({ text }, { replicas: 8 });
 * ```
 */
export class Topology {
  readonly platform: string;
  readonly version: string;
  /** Its devices, of all hosts. */
  readonly devices: readonly DeviceDescription[];
  readonly #api: PjrtApi;
  readonly #pointer: bigint;
  #disposed = false;

  /** @internal */
  constructor(api: PjrtApi, name: string, options: NamedValues) {
    this.#api = api;
    const bytes = new TextEncoder().encode(name);
    const fields = {
      topology_name: bytes,
      topology_name_size: bytes.length,
      create_options: writeNamedValues(api.native, options),
      num_options: Object.keys(options).length,
    };
    const topology = api.call("TopologyDescription_Create", fields).pointer("topology");
    this.#pointer = topology;
    try {
      this.platform = api
        .call("TopologyDescription_PlatformName", { topology })
        .text("platform_name", "platform_name_size");
      const version = api.call("TopologyDescription_PlatformVersion", { topology });
      this.version = version.text("platform_version", "platform_version_size");
      const found = api.call("TopologyDescription_GetDeviceDescriptions", { topology });
      this.devices = found.pointers("descriptions", "num_descriptions").map((pointer) => describeDevice(api, pointer));
    } catch (error) {
      this.dispose();
      throw error;
    }
  }

  /**
   * Compiles a program for these devices. This blocks, minutes for a large one.
   *
   * @throws PjrtError if the compiler refuses it, or if the topology was disposed
   */
  compile(program: ProgramText, options: { readonly replicas?: number } = {}): CompiledProgram {
    const api = this.#api;
    if (this.#disposed) throw new PjrtError("FAILED_PRECONDITION", "compile", "compile: the topology was disposed.");
    const encoded = encodeCompileOptions({ replicas: options.replicas ?? 1 });
    const topology = this.#pointer;
    const executable = compileWith(api, program, encoded, (fields) =>
      api.call("Compile", { topology, ...fields }).pointer("executable"),
    );
    let disposed = false;
    const dispose = () => {
      if (!disposed) api.call("Executable_Destroy", { executable });
      disposed = true;
    };
    const serialize = () => {
      if (disposed) throw new PjrtError("FAILED_PRECONDITION", "serialize", "serialize: the program was disposed.");
      return serializeExecutable(api, executable);
    };
    try {
      return { memory: memoryOf(api, executable), cost: costOf(api, executable), serialize, dispose };
    } catch (error) {
      dispose();
      throw error;
    }
  }

  /** Frees it. A second time it does nothing. */
  dispose(): void {
    if (!this.#disposed) this.#api.call("TopologyDescription_Destroy", { topology: this.#pointer });
    this.#disposed = true;
  }
}
