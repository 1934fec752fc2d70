import { type Arguments, checkArguments } from "./check-arguments.ts";
import { costOf, memoryOf, type ProgramCost, type ProgramMemory, serializeExecutable } from "./compiled-program.ts";
import type { Device } from "./device.ts";
import { DeviceBuffer } from "./device-buffer.ts";
import type { OpenClient } from "./open-client.ts";
import { PjrtError } from "./pjrt-error.ts";
import { PointerTables } from "./pointer-tables.ts";
import type { Signature } from "./read-signature.ts";

/** Where a call runs. */
export type ExecuteOptions = {
  /** The device of a portable program. Default: that of its first argument, or the client's first. */
  readonly device?: Device;
};

/** @internal Where a program may run. */
export type Place = {
  readonly devices: readonly Device[];
  readonly portable: boolean;
  pointerOf(device: Device): bigint;
};

/**
 * A compiled program on its devices. Every argument of a call is checked before the plugin sees it: PJRT would take wrong types as
 * they are, and devices that wait for others in vain end the process.
 *
 * @example
 * ```ts ignore
 * const [[sum]] = executable.execute([[a, b]]);
 * await sum.read(new Float32Array(4));
 * ```
 */
export class Executable implements Signature {
  readonly parameters: Signature["parameters"];
  readonly outputs: Signature["outputs"];
  /** The devices of this process that run it together, one per list of arguments; of a portable program, all on which it may run. */
  readonly devices: readonly Device[];
  /** Whether it runs on one device, told at each call. */
  readonly portable: boolean;
  /** @internal The executable without its devices. */
  readonly inner: bigint;
  readonly #client: OpenClient;
  readonly #pointer: bigint;
  readonly #pointerOf: (device: Device) => bigint;
  readonly #tables: PointerTables;
  /** Which arguments a call takes away. */
  readonly #donated: readonly number[];
  #disposed = false;

  /** @internal */
  constructor(client: OpenClient, pointer: bigint, signature: Signature, place: Place) {
    const { api } = client;
    this.#client = client;
    this.#pointer = pointer;
    this.parameters = signature.parameters;
    this.outputs = signature.outputs;
    this.devices = place.devices;
    this.portable = place.portable;
    this.#pointerOf = place.pointerOf;
    this.#donated = this.parameters.flatMap(({ donated }, i) => (donated ? [i] : []));
    this.inner = api.call("LoadedExecutable_GetExecutable", { loaded_executable: pointer }).pointer("executable");
    const devices = this.portable ? 1 : this.devices.length;
    this.#tables = new PointerTables(api, devices, this.parameters.length, this.outputs.length);
    client.hold(this);
  }

  /**
   * Runs it: `buffers[device][argument]` → `outputs[device][output]`. It returns at once; outputs are there to be used in further calls,
   * and can be read when they are computed. Donated arguments are gone afterwards.
   *
   * @throws ShapeError if the number of lists or arguments, a shape or a type does not fit
   * @throws PjrtError if an argument is gone, lies on another device or is donated and given twice; what the plugin refuses
   */
  execute(buffers: readonly (readonly DeviceBuffer[])[], options: ExecuteOptions = {}): DeviceBuffer[][] {
    this.#check("execute");
    const devices = this.portable ? [this.#deviceOf(buffers, options)] : this.devices;
    checkArguments(this.parameters, buffers, devices);
    const tables = this.#tables;
    for (const [d, list] of buffers.entries())
      for (const [i, buffer] of list.entries()) tables.setArgument(d, i, buffer.pointer("execute"));
    const [first] = devices;
    try {
      this.#client.api.call("LoadedExecutable_Execute", {
        executable: this.#pointer,
        options: tables.options,
        argument_lists: tables.argumentLists,
        num_devices: tables.devices,
        num_args: this.parameters.length,
        output_lists: tables.outputLists,
        execute_device: this.portable && first !== undefined ? this.#pointerOf(first) : 0n,
      });
    } catch (error) {
      this.#eachDonated(buffers, (buffer) => buffer.giveAwayIfDeleted());
      throw error;
    }
    this.#eachDonated(buffers, (buffer) => buffer.giveAway());
    return devices.map((device, d) =>
      this.outputs.map((spec, i) => new DeviceBuffer(this.#client, tables.output(d, i), spec, device)),
    );
  }

  /**
   * The compiled program as bytes, for {@link Client.load} of the same plugin. They are native code: load only what you wrote yourself.
   *
   * @throws PjrtError if the plugin can't
   */
  serialize(): Uint8Array {
    this.#check("serialize");
    return serializeExecutable(this.#client.api, this.inner);
  }

  /**
   * The memory it needs on each device, in bytes.
   *
   * @throws PjrtError if the plugin can't tell
   */
  memory(): ProgramMemory {
    this.#check("memory");
    return memoryOf(this.#client.api, this.inner);
  }

  /** What the compiler expects it to cost; nothing in it where the plugin can't tell (newer CPU plugins). */
  cost(): ProgramCost {
    this.#check("cost");
    return costOf(this.#client.api, this.inner);
  }

  /** Frees it, as soon as calls that run are done. A second time it does nothing. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#client.forget(this);
    if (!this.#client.isOpen) return;
    this.#client.api.call("Executable_Destroy", { executable: this.inner });
    this.#client.api.call("LoadedExecutable_Destroy", { executable: this.#pointer });
  }

  #check(functionName: string): void {
    this.#client.check(functionName);
    if (this.#disposed)
      throw new PjrtError(
        "FAILED_PRECONDITION",
        functionName,
        `${functionName}: the program was disposed. Compile it again.`,
      );
  }

  #deviceOf(buffers: Arguments, options: ExecuteOptions): Device {
    const device = options.device ?? buffers[0]?.[0]?.device ?? this.devices[0];
    if (device === undefined || !this.devices.includes(device))
      throw new PjrtError(
        "INVALID_ARGUMENT",
        "execute",
        "execute: the device is none of this client's. Take one of client.devices.",
      );
    return device;
  }

  #eachDonated(buffers: Arguments, action: (buffer: DeviceBuffer) => void): void {
    for (const list of buffers)
      for (const i of this.#donated) {
        const buffer = list[i];
        if (buffer !== undefined) action(buffer);
      }
  }
}
