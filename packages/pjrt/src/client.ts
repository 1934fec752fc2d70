import { ConfigError, ShapeError } from "@kindred/errors";
import { abi } from "./abi.ts";
import { encodeCompileOptions } from "./compile-options.ts";
import { type Device, readDevice } from "./device.ts";
import { DeviceBuffer } from "./device-buffer.ts";
import {
  checkHostArray,
  describeSpec,
  type ElementType,
  type HostArray,
  numberOfType,
  typeOfNumber,
} from "./element-type.ts";
import { Executable } from "./executable.ts";
import type { NamedValues } from "./named-values.ts";
import { writeNamedValues } from "./named-values.ts";
import { OpenClient } from "./open-client.ts";
import type { PjrtApi } from "./pjrt-api.ts";
import { PjrtError } from "./pjrt-error.ts";
import { programStruct } from "./program-struct.ts";
import { readSignature, type Signature } from "./read-signature.ts";

/** How a client is opened. */
export type ClientOptions = {
  /** How many devices a CPU plugin makes. Default 1. Elsewhere the machine says. */
  readonly devices?: number;
  /** Options that the plugin knows, by its own names. */
  readonly options?: NamedValues;
};

/** A StableHLO module as text; other fields are passed over, so a program of `@kindred/stablehlo` fits. */
export type ProgramText = { readonly text: string };

/** Where a program is to run. */
export type CompileOptions = {
  /** How many devices run it together, the first ones of the client. Default 1. */
  readonly replicas?: number;
  /** The devices that run it, in the order of the replicas, in place of `replicas`. */
  readonly devices?: readonly Device[];
  /** One device, told at each call: the device of its arguments. */
  readonly portable?: boolean;
};

/** Where and as what an array is put. */
export type PutOptions = {
  readonly shape: readonly number[];
  /** Default: `f32`, `i32`, `ui32`, `bf16` and `i1` by the array's class. */
  readonly type?: ElementType;
  /** Default: the first device. */
  readonly device?: Device;
};

/** How many things of a client are there. */
export type LiveResources = { readonly buffers: number; readonly bytes: number; readonly programs: number };

/**
 * The devices of a plugin, and all that lies on them.
 *
 * @example
 * ```ts ignore
 * const client = plugin.client({ devices: 8 });
 * const executable = client.compile({ text }, { replicas: 8 });
 * client.close();
 * ```
 */
export class Client {
  /** `cpu`, `tpu`, `cuda`, … */
  readonly platform: string;
  /** The plugin's own words for its version: part of the key under which compiled programs are kept. */
  readonly version: string;
  /** The devices of this process, in the plugin's order. */
  readonly devices: readonly Device[];
  /** The devices of all processes. */
  readonly allDevices: readonly { readonly id: number; readonly process: number }[];
  /** Which of the processes this is. */
  readonly process: number;
  readonly #core: OpenClient;
  readonly #pointers = new Map<Device, bigint>();

  /** @internal */
  constructor(api: PjrtApi, { devices, options = {} }: ClientOptions) {
    const all = { ...options, ...(devices === undefined ? {} : { cpu_device_count: devices }) };
    const fields = { create_options: writeNamedValues(api.native, all), num_options: Object.keys(all).length };
    this.#core = new OpenClient(api, api.call("Client_Create", fields).pointer("client"));
    const client = this.#core.pointer;
    this.platform = api.call("Client_PlatformName", { client }).text("platform_name", "platform_name_size");
    this.version = api.call("Client_PlatformVersion", { client }).text("platform_version", "platform_version_size");
    this.process = api.call("Client_ProcessIndex", { client }).number("process_index");
    const own = api.call("Client_AddressableDevices", { client });
    for (const pointer of own.pointers("addressable_devices", "num_addressable_devices"))
      this.#pointers.set(readDevice(this.#core, pointer), pointer);
    this.devices = [...this.#pointers.keys()];
    const found = api.call("Client_Devices", { client }).pointers("devices", "num_devices");
    this.allDevices = found.map((pointer) => readDevice(this.#core, pointer));
  }

  /** Whether {@link Client.close} was not called yet. */
  get isOpen(): boolean {
    return this.#core.isOpen;
  }

  /** What was made here and is not disposed. */
  get live(): LiveResources {
    const all = [...this.#core.resources];
    const buffers = all.filter((resource) => resource instanceof DeviceBuffer);
    const bytes = buffers.reduce((sum, buffer) => sum + buffer.bytes, 0);
    return { buffers: buffers.length, bytes, programs: all.length - buffers.length };
  }

  /**
   * A tensor on a device from an array, which is copied before this returns.
   *
   * @throws ShapeError if the array does not hold such a tensor
   * @throws PjrtError if the device is another client's, or full
   */
  put(array: HostArray, options: PutOptions): DeviceBuffer {
    this.#core.check("put");
    const { shape, type = typeOfArray(array), device = this.devices[0] } = options;
    const spec = { shape: Object.freeze([...shape]), type };
    checkHostArray("put", array, spec);
    const pointer = this.#pointerOf("put", device);
    const { api } = this.#core;
    const made = api.call("Client_BufferFromHostBuffer", {
      client: this.#core.pointer,
      data: array,
      type: numberOfType(type),
      dims: BigInt64Array.from(shape.length === 0 ? [0] : shape, BigInt),
      num_dims: shape.length,
      host_buffer_semantics: abi.constants.copiedDuringCall,
      device: pointer,
    });
    const done = made.pointer("done_with_host_buffer");
    const buffer = new DeviceBuffer(this.#core, made.pointer("buffer"), spec, device ?? this.#noDevice("put"));
    this.#core.events.waitSync(done);
    return buffer;
  }

  /**
   * Compiles a program. This blocks: a large one takes seconds on CPUs, minutes on TPUs.
   *
   * @throws FormatError if its `main` can't be read
   * @throws ConfigError if there are not as many devices
   * @throws PjrtError if the plugin does not compile it, with the compiler's words
   */
  compile(program: ProgramText, options: CompileOptions = {}): Executable {
    this.#core.check("compile");
    const signature = readSignature(program.text);
    const { portable = false } = options;
    const devices = this.#devicesFor(options);
    const encoded = encodeCompileOptions(
      portable ? { replicas: 1, portable } : { replicas: devices.length, deviceIds: devices.map(({ id }) => id) },
    );
    const fields = {
      client: this.#core.pointer,
      program: programStruct(this.#core.api, program.text),
      compile_options: encoded,
      compile_options_size: encoded.length,
    };
    const pointer = this.#core.api.call("Client_Compile", fields).pointer("executable");
    return this.#executable("compile", pointer, signature, portable);
  }

  /**
   * A program that {@link Executable.serialize} wrote, of the same text, options, plugin and version.
   *
   * @throws FormatError if the text's `main` can't be read
   * @throws PjrtError if the bytes are none of this plugin's
   */
  load(serialized: Uint8Array, program: ProgramText, options: Pick<CompileOptions, "portable"> = {}): Executable {
    this.#core.check("load");
    const signature = readSignature(program.text);
    const fields = {
      client: this.#core.pointer,
      serialized_executable: serialized,
      serialized_executable_size: serialized.length,
    };
    const pointer = this.#core.api.call("Executable_DeserializeAndLoad", fields).pointer("loaded_executable");
    return this.#executable("load", pointer, signature, options.portable ?? false);
  }

  /** Waits for what runs, and frees everything. A second time it does nothing. When the process ends, this happens by itself. */
  close(): void {
    this.#core.close();
  }

  #executable(functionName: string, pointer: bigint, signature: Signature, portable: boolean): Executable {
    const { api } = this.#core;
    const found = api.call("LoadedExecutable_AddressableDevices", { executable: pointer });
    const deviceOf = new Map([...this.#pointers].map(([device, at]) => [at, device]));
    const devices = portable
      ? this.devices
      : found
          .pointers("addressable_devices", "num_addressable_devices")
          .map((at) => deviceOf.get(at) ?? this.#noDevice(functionName));
    const pointerOf = (device: Device) => this.#pointerOf("execute", device);
    const executable = new Executable(this.#core, pointer, signature, { devices, portable, pointerOf });
    try {
      checkOutputs(functionName, api, executable.inner, signature);
    } catch (error) {
      executable.dispose();
      throw error;
    }
    return executable;
  }

  #devicesFor({ replicas = 1, devices, portable = false }: CompileOptions): readonly Device[] {
    if (devices !== undefined) {
      for (const device of devices) this.#pointerOf("compile", device);
      return devices;
    }
    if (!Number.isInteger(replicas) || replicas < 1 || replicas > this.devices.length || (portable && replicas !== 1))
      throw new ConfigError(
        `compile: not so many devices. Got replicas = ${replicas}${portable ? " of a portable program" : ""}, expected 1${portable ? "" : ` to ${this.devices.length}`}. A CPU client has as many devices as it was opened with.`,
        { replicas, devices: this.devices.length },
      );
    return this.devices.slice(0, replicas);
  }

  #pointerOf(functionName: string, device: Device | undefined): bigint {
    return (device && this.#pointers.get(device)) ?? this.#noDevice(functionName);
  }

  #noDevice(functionName: string): never {
    throw new PjrtError(
      "INVALID_ARGUMENT",
      functionName,
      `${functionName}: the device is none of this client's. Take one of client.devices.`,
    );
  }
}

function typeOfArray(array: HostArray): ElementType {
  if (array instanceof Float32Array) return "f32";
  if (array instanceof Int32Array) return "i32";
  if (array instanceof Uint32Array) return "ui32";
  return array instanceof Uint16Array ? "bf16" : "i1";
}

/** The plugin's own list of outputs must be that of the text, or outputs would be taken for what they are not. */
function checkOutputs(functionName: string, api: PjrtApi, executable: bigint, { outputs }: Signature): void {
  const count = api.call("Executable_NumOutputs", { executable }).number("num_outputs");
  const types = api.call("Executable_OutputElementTypes", { executable });
  const numbers = count === 0 ? [] : [...new Int32Array(api.native.memory(types.pointer("output_types"), 4 * count))];
  const dimensions = api.call("Executable_OutputDimensions", { executable });
  const ranks =
    count === 0 ? [] : [...new BigUint64Array(api.native.memory(dimensions.pointer("dim_sizes"), 8 * count))];
  const all = ranks.reduce((sum, rank) => sum + Number(rank), 0);
  const sizes =
    all === 0 ? [] : Array.from(new BigInt64Array(api.native.memory(dimensions.pointer("dims"), 8 * all)), Number);
  const found = numbers.map((number, i) => `${typeOfNumber(number)}[${sizes.splice(0, Number(ranks[i])).join(",")}]`);
  const wanted = outputs.map(describeSpec);
  if (found.join(" ") !== wanted.join(" "))
    throw new ShapeError(
      `${functionName}: the program gives something else than its text says. Got ${found.join(" ")}, expected ${wanted.join(" ")}. Were these bytes written for this text?`,
      { got: found, expected: wanted },
    );
}
