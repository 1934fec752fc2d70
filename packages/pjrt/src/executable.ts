import { ShapeError } from "@kindred/errors";
import type { Placed } from "./arg-struct.ts";
import { costOf, memoryOf, type ProgramCost, type ProgramMemory, serializeExecutable } from "./compiled-program.ts";
import type { Device } from "./device.ts";
import { DeviceBuffer } from "./device-buffer.ts";
import { describeSpec } from "./element-type.ts";
import type { OpenClient } from "./open-client.ts";
import { PjrtError } from "./pjrt-error.ts";
import type { Signature } from "./read-signature.ts";

/** Where a call runs. */
export type ExecuteOptions = {
  /** The device of a portable program. Default: that of its first argument. */
  readonly device?: Device;
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
  /** The devices that run it together, one per list of arguments; of a portable program, all on which it may run. */
  readonly devices: readonly Device[];
  /** Whether it runs on one device, told at each call. */
  readonly portable: boolean;
  readonly #client: OpenClient;
  readonly #pointer: bigint;
  /** @internal The executable without its devices. */
  readonly inner: bigint;
  readonly #pointerOf: (device: Device) => bigint;
  readonly #tables: Tables;
  #disposed = false;

  /** @internal */
  constructor(client: OpenClient, pointer: bigint, signature: Signature, place: Place) {
    this.#client = client;
    this.#pointer = pointer;
    this.parameters = signature.parameters;
    this.outputs = signature.outputs;
    this.devices = place.devices;
    this.portable = place.portable;
    this.#pointerOf = place.pointerOf;
    this.inner = client.api
      .call("LoadedExecutable_GetExecutable", { loaded_executable: pointer })
      .pointer("executable");
    this.#tables = new Tables(client, this.parameters.length, this.outputs.length);
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
    const devices = this.#devicesOf(buffers, options);
    const { api } = this.#client;
    const tables = this.#tables.of(buffers.length);
    buffers.forEach((list, d) => {
      this.#checkArguments(list, devices[d], d);
      for (const [i, buffer] of list.entries()) tables.setArgument(d, i, buffer.pointer("execute"));
    });
    this.#checkDonations(buffers);
    tables.outputs.fill(0n);
    try {
      api.call("LoadedExecutable_Execute", {
        executable: this.#pointer,
        options: tables.options,
        argument_lists: tables.argumentLists,
        num_devices: buffers.length,
        num_args: this.parameters.length,
        output_lists: tables.outputLists,
        execute_device: this.portable && devices[0] !== undefined ? this.#pointerOf(devices[0]) : 0n,
      });
    } catch (error) {
      for (const buffer of this.#donated(buffers)) buffer.giveAwayIfDeleted();
      throw error;
    }
    for (const buffer of this.#donated(buffers)) buffer.giveAway();
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

  /** What the compiler expects it to cost; empty where the plugin can't tell (CPUs). */
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

  #devicesOf(buffers: readonly (readonly DeviceBuffer[])[], options: ExecuteOptions): readonly Device[] {
    const count = this.portable ? 1 : this.devices.length;
    if (buffers.length !== count)
      throw new ShapeError(`execute: a list of arguments per device. Got ${buffers.length}, expected ${count}.`, {
        lists: buffers.length,
        devices: count,
      });
    if (!this.portable) return this.devices;
    const device = options.device ?? buffers[0]?.[0]?.device ?? this.devices[0];
    if (device === undefined || !this.devices.includes(device))
      throw new PjrtError(
        "INVALID_ARGUMENT",
        "execute",
        "execute: the device is none of this client's. Take one of client.devices.",
      );
    return [device];
  }

  #checkArguments(list: readonly DeviceBuffer[], device: Device | undefined, d: number): void {
    const { parameters } = this;
    if (list.length !== parameters.length)
      throw new ShapeError(
        `execute: the number of arguments. Got ${list.length} for device ${d}, expected ${parameters.length}.`,
        {
          device: d,
          got: list.length,
          expected: parameters.length,
        },
      );
    for (const [i, buffer] of list.entries()) {
      const wanted = parameters[i];
      if (wanted === undefined) continue; // never: the lengths are equal
      if (buffer.type !== wanted.type || !sameShape(buffer.shape, wanted.shape))
        throw new ShapeError(
          `execute: argument ${i} of device ${d} does not fit. Got ${describeSpec(buffer)}, expected ${describeSpec(wanted)}.`,
          { argument: i, device: d, got: describeSpec(buffer), expected: describeSpec(wanted) },
        );
      if (buffer.device !== device)
        throw new PjrtError(
          "INVALID_ARGUMENT",
          "execute",
          `execute: argument ${i} of device ${d} lies elsewhere. Got device ${buffer.device.id}, expected ${device?.id}, of the same client. Put it there.`,
          { argument: i, got: buffer.device.id, expected: device?.id },
        );
    }
  }

  /** A donated buffer may be given once: the program writes over it. */
  #checkDonations(buffers: readonly (readonly DeviceBuffer[])[]): void {
    for (const [d, list] of buffers.entries()) {
      if (!this.parameters.some(({ donated }) => donated)) return;
      const first = new Map<DeviceBuffer, number>();
      for (const [i, buffer] of list.entries()) {
        const other = first.get(buffer);
        if (other === undefined) first.set(buffer, i);
        else if (this.parameters[i]?.donated === true || this.parameters[other]?.donated === true)
          throw new PjrtError(
            "INVALID_ARGUMENT",
            "execute",
            `execute: a donated buffer is given twice. Got the same one as arguments ${other} and ${i} of device ${d}, expected it once, since the program writes over it.`,
            { arguments: [other, i], device: d },
          );
      }
    }
  }

  *#donated(buffers: readonly (readonly DeviceBuffer[])[]): Iterable<DeviceBuffer> {
    for (const list of buffers)
      for (const [i, { donated }] of this.parameters.entries()) {
        const buffer = list[i];
        if (donated && buffer !== undefined) yield buffer;
      }
  }
}

/** @internal Where a program may run. */
export type Place = {
  readonly devices: readonly Device[];
  readonly portable: boolean;
  pointerOf(device: Device): bigint;
};

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

/** The tables of pointers that a call takes, kept and used again: a call is over when it returns. */
class Tables {
  readonly #client: OpenClient;
  readonly #inputs: number;
  readonly #outputs: number;
  #devices = -1;
  #arguments = new BigUint64Array(0);
  outputs = new BigUint64Array(0);
  argumentLists = new BigUint64Array(0);
  outputLists = new BigUint64Array(0);
  options: Placed | bigint = 0n;

  constructor(client: OpenClient, inputs: number, outputs: number) {
    this.#client = client;
    this.#inputs = inputs;
    this.#outputs = outputs;
  }

  of(devices: number): this {
    if (devices === this.#devices) return this;
    const { native } = this.#client.api;
    this.#devices = devices;
    this.#arguments = new BigUint64Array(Math.max(1, devices * this.#inputs));
    this.outputs = new BigUint64Array(Math.max(1, devices * this.#outputs));
    const rows = (table: BigUint64Array, columns: number) =>
      BigUint64Array.from({ length: devices }, (_, d) => native.address(table) + BigInt(8 * d * columns));
    this.argumentLists = rows(this.#arguments, this.#inputs);
    this.outputLists = rows(this.outputs, this.#outputs);
    this.options = this.#client.api.struct("ExecuteOptions", {});
    return this;
  }

  setArgument(device: number, argument: number, pointer: bigint): void {
    this.#arguments[device * this.#inputs + argument] = pointer;
  }

  output(device: number, output: number): bigint {
    return this.outputs[device * this.#outputs + output] ?? 0n;
  }
}
