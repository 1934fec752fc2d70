import type { Client, DeviceBuffer, HostArray } from "@kindred/pjrt";
import { type ElementType, elementCount } from "@kindred/stablehlo";
import type { Pass } from "./pass.ts";

/**
 * What a tensor holds, and its data id at once: an array on the host, buffers on devices, or a value of a pass that has not run yet. Tensors
 * that were cloned or reshaped share one.
 */
export class Held {
  /** The backend whose tensors hold it, as long as one does. */
  owner: object | undefined;
  /** How many tensors share it. */
  refs = 1;
  readonly shape: readonly number[];
  readonly type: ElementType;
  /** The elements, where the host has them. Never the array that a tensor was made from: that is its owner's. */
  host: HostArray | undefined;
  /** The elements by device, where devices have them. */
  buffers: (DeviceBuffer | undefined)[] | undefined;
  /** The pass whose result it is, until that has run. */
  pass: Pass | undefined;
  /** Which of that pass's values. */
  value = -1;
  /** The pass that takes it as an operand, until that has run. */
  usedBy: Pass | undefined;
  /** As which of that pass's operands. */
  operand = -1;

  constructor(shape: readonly number[], type: ElementType, owner: object) {
    this.owner = owner;
    this.shape = shape;
    this.type = type;
  }

  /** How many elements there are. */
  get size(): number {
    return elementCount(this.shape);
  }

  /** Its buffer on a device, to which it is brought if it lies elsewhere. */
  on(device: number, client: Client): DeviceBuffer {
    const known = this.buffers?.[device];
    if (known !== undefined) return known;
    const target = client.devices[device];
    const buffer = client.put(this.toHost(), { shape: this.shape, type: this.type, ...(target && { device: target }) });
    this.buffers ??= [];
    this.buffers[device] = buffer;
    return buffer;
  }

  /** The elements, waited for: the host's own array, not to be written. */
  toHost(): HostArray {
    return this.host ?? this.#anyBuffer().readSync(this.#newArray());
  }

  /** Copies float elements into an array, from the device without a detour. */
  copyTo(into: Float32Array): void {
    if (this.host === undefined && this.type === "f32") this.#anyBuffer().readSync(into);
    else into.set(floatsOf(this.toHost()));
  }

  /** As `copyTo`, without blocking the thread. */
  async readInto(into: Float32Array): Promise<void> {
    if (this.host === undefined && this.type === "f32") await this.#anyBuffer().read(into);
    else into.set(floatsOf(await this.readHost()));
  }

  /** As `toHost`, without blocking the thread. */
  async readHost(): Promise<HostArray> {
    return this.host ?? this.#anyBuffer().read(this.#newArray());
  }

  /** It lies on this device, and nowhere else. */
  moveTo(device: number, client: Client): void {
    const buffer = this.on(device, client);
    for (const other of this.buffers ?? []) if (other !== buffer) other?.dispose();
    this.buffers = [];
    this.buffers[device] = buffer;
    this.host = undefined;
  }

  /** What it holds becomes that of an array, which is its own from then on. */
  replace(array: HostArray): void {
    this.release();
    this.host = array;
  }

  /** Gives its devices' memory back. */
  release(): void {
    for (const buffer of this.buffers ?? []) buffer?.dispose();
    this.buffers = undefined;
  }

  #anyBuffer(): DeviceBuffer {
    const buffer = this.buffers?.find((each) => each !== undefined);
    if (buffer === undefined) throw new Error(`A tensor of [${this.shape}] holds nothing.`);
    return buffer;
  }

  #newArray(): HostArray {
    const arrays = { f32: Float32Array, bf16: Uint16Array, i32: Int32Array, ui32: Uint32Array, i1: Uint8Array };
    return new arrays[this.type](this.size);
  }
}

const tensorTypes = { f32: "float32", bf16: "float32", i32: "int32", ui32: "int32", i1: "bool" } as const;

/** tfjs's name of a type. What it has no name for goes by the nearest: bfloat16 is read as float32, unsigned numbers by their bits. */
export function tensorTypeOf(type: ElementType): "float32" | "int32" | "bool" {
  return tensorTypes[type];
}

/** An array of an element type as tfjs has it: a copy. */
export function tensorValues(array: HostArray): Float32Array | Int32Array | Uint8Array {
  if (array instanceof Uint16Array) return floatsOf(array);
  return array instanceof Uint32Array
    ? new Int32Array(array.buffer, array.byteOffset, array.length).slice()
    : array.slice();
}

/** Elements as float32: those of bfloat16 are their upper halves. */
function floatsOf(array: HostArray): Float32Array {
  if (array instanceof Float32Array) return array;
  const bits = Uint32Array.from(array, (half) => half << 16);
  return new Float32Array(bits.buffer);
}
