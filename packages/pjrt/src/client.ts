import { ConfigError } from "@kindred/errors";
import { abi } from "./abi.ts";
import { checkOutputs } from "./check-outputs.ts";
import { encodeCompileOptions } from "./compile-options.ts";
import { compileWith, type ProgramText } from "./compiled-program.ts";
import { type ClientOptions, createClient, platformOf } from "./create-client.ts";
import { type Device, readDevice } from "./device.ts";
import { DeviceBuffer } from "./device-buffer.ts";
import { checkHostArray, type ElementType, type HostArray, numberOfType } from "./element-type.ts";
import { Executable } from "./executable.ts";
import type { OpenClient } from "./open-client.ts";
import type { PjrtApi } from "./pjrt-api.ts";
import { PjrtError } from "./pjrt-error.ts";
import { readSignature, type Signature } from "./read-signature.ts";

/** Where a program is to run. */
export type CompileOptions = {
  /** How many devices run it together: the first ones of the client, or those of all processes. Default 1. */
  readonly replicas?: number;
  /** The devices that run it, in the order of the replicas, in place of `replicas`. */
  readonly devices?: readonly Device[];
  /** One device, told at each call: that of its arguments. */
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
  /** The plugin's own words for the version of its platform. */
  readonly version: string;
  /** The devices of this process, in the plugin's order. */
  readonly devices: readonly Device[];
  /** The devices of all processes, process by process; a program of all devices has its replicas in this order. */
  readonly allDevices: readonly Device[];
  /** Which of the processes this is. */
  readonly process: number;
  readonly #core: OpenClient;
  readonly #pointers = new Map<Device, bigint>();

  /** @internal */
  constructor(api: PjrtApi, options: ClientOptions) {
    this.#core = createClient(api, options);
    const client = this.#core.pointer;
    try {
      this.platform = platformOf(this.#core);
      this.version = api.call("Client_PlatformVersion", { client }).text("platform_version", "platform_version_size");
      this.process = api.call("Client_ProcessIndex", { client }).number("process_index");
      const own = api.call("Client_AddressableDevices", { client });
      for (const pointer of own.pointers("addressable_devices", "num_addressable_devices"))
        this.#pointers.set(readDevice(this.#core, pointer), pointer);
      this.devices = [...this.#pointers.keys()];
      const found = api.call("Client_Devices", { client }).pointers("devices", "num_devices");
      const others = found
        .map((pointer) => readDevice(this.#core, pointer))
        .filter(({ process }) => process !== this.process);
      this.allDevices = [...this.devices, ...others].sort((a, b) => a.process - b.process);
    } catch (error) {
      this.close();
      throw error;
    }
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
    const place = this.#placeOf("put", device);
    const made = this.#core.api.call("Client_BufferFromHostBuffer", {
      client: this.#core.pointer,
      data: array,
      type: numberOfType(type),
      dims: BigInt64Array.from(shape.length === 0 ? [0] : shape, BigInt),
      num_dims: shape.length,
      host_buffer_semantics: abi.constants.copiedDuringCall,
      device: place.pointer,
    });
    const done = made.pointer("done_with_host_buffer");
    const buffer = new DeviceBuffer(this.#core, made.pointer("buffer"), spec, place.device);
    try {
      this.#core.events.waitSync(done);
    } catch (error) {
      buffer.dispose();
      throw error;
    }
    return buffer;
  }

  /**
   * Compiles a program. This blocks: a large one takes seconds on CPUs, minutes on TPUs.
   *
   * @throws FormatError if its `main` can't be read
   * @throws ConfigError if there are not as many devices
   * @throws PjrtError if the plugin does not compile it, with the compiler's words and the line that they are about
   */
  compile(program: ProgramText, options: CompileOptions = {}): Executable {
    this.#core.check("compile");
    const signature = readSignature(program.text);
    const { portable = false } = options;
    const ids = this.#devicesFor(options).map(({ id }) => id);
    const encoded = encodeCompileOptions(
      portable ? { replicas: 1, portable } : { replicas: ids.length, deviceIds: ids },
    );
    const { api, pointer: client } = this.#core;
    const pointer = compileWith(api, program, encoded, (fields) =>
      api.call("Client_Compile", { client, ...fields }).pointer("executable"),
    );
    return this.#executable("compile", pointer, signature, portable);
  }

  /**
   * A program that {@link Executable.serialize} wrote, of the same text, options, plugin, version and kind of machine.
   *
   * @throws FormatError if the text's `main` can't be read
   * @throws ShapeError if the bytes are of a program with other outputs
   * @throws PjrtError if the bytes are none of this plugin's
   */
  load(serialized: Uint8Array, program: ProgramText, options: Pick<CompileOptions, "portable"> = {}): Executable {
    this.#core.check("load");
    const signature = readSignature(program.text);
    const { api, pointer: client } = this.#core;
    const fields = { client, serialized_executable: serialized, serialized_executable_size: serialized.length };
    const pointer = api.call("Executable_DeserializeAndLoad", fields).pointer("loaded_executable");
    return this.#executable("load", pointer, signature, options.portable ?? false);
  }

  /**
   * Waits for what runs, and frees everything. A second time it does nothing.
   *
   * When the process or worker thread ends by itself this happens by itself. `Worker.terminate` leaves it no time for that: close before, or the
   * process may crash when it ends.
   */
  close(): void {
    this.#core.close();
  }

  #executable(functionName: string, pointer: bigint, signature: Signature, portable: boolean): Executable {
    const { api } = this.#core;
    let executable: Executable | undefined;
    try {
      const found = api.call("LoadedExecutable_AddressableDevices", { executable: pointer });
      const at = found.pointers("addressable_devices", "num_addressable_devices");
      const own = [...this.#pointers];
      const devices = at.flatMap((place) => own.filter(([, other]) => other === place).map(([device]) => device));
      executable = new Executable(this.#core, pointer, signature, {
        devices: portable ? this.devices : devices,
        portable,
        pointerOf: (device) => this.#placeOf("execute", device).pointer,
      });
      checkOutputs(functionName, api, executable.inner, signature);
      return executable;
    } catch (error) {
      if (executable === undefined) api.call("LoadedExecutable_Destroy", { executable: pointer });
      else executable.dispose();
      throw error;
    }
  }

  #devicesFor({ replicas = 1, devices, portable = false }: CompileOptions): readonly Device[] {
    if (devices !== undefined) {
      for (const device of devices) this.#placeOf("compile", device);
      return devices;
    }
    const own = this.devices.length;
    const all = this.allDevices.length;
    if (replicas === all && !portable) return this.allDevices;
    if (Number.isInteger(replicas) && replicas >= 1 && replicas <= (portable ? 1 : own))
      return this.devices.slice(0, replicas);
    const expected = portable ? "1, since the program is portable" : `1 to ${own}${all > own ? `, or ${all}` : ""}`;
    throw new ConfigError(
      `compile: not so many devices. Got replicas = ${replicas}, expected ${expected}. A CPU client has as many devices as it was opened with.`,
      { replicas, devices: own, allDevices: all },
    );
  }

  #placeOf(functionName: string, device: Device | undefined): { readonly device: Device; readonly pointer: bigint } {
    const pointer = device && this.#pointers.get(device);
    if (device !== undefined && pointer !== undefined) return { device, pointer };
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
