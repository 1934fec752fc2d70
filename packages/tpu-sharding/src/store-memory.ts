import type { ParameterSpec } from "@kindred/encoder";
import { type ParameterShards, parameterShards } from "./parameter-shards.ts";

/**
 * What the cores of a run share: the parameters, what the optimizer remembers of them, and each core's gradients, as vectors of one
 * layout. Plain data: main makes it, fills parameters and slots before the mesh starts, and posts it to the cores as it is.
 */
export type StoreMemory = {
  readonly specs: readonly ParameterSpec[];
  readonly shards: ParameterShards;
  readonly parameters: Float32Array;
  /** By the optimizer's names for them. */
  readonly slots: { readonly [slot: string]: Float32Array };
  /** One a core; zeros before the first step. */
  readonly gradients: readonly Float32Array[];
  /** Of the tables: which rows each core has touched in this step. */
  readonly tables: { readonly [name: string]: TouchedRows };
  /** The WebAssembly memory in which all vectors lie; undefined where they are too large for one. */
  readonly heap: WebAssembly.Memory | undefined;
};

/** Of a parameter whose gradient is zero in most rows: which rows each core has added to in this step. */
export type TouchedRows = {
  /** Elements of a row. */
  readonly rowLength: number;
  /** The row that never gets a gradient. */
  readonly rowWithoutGradient: number | undefined;
  /** One array a core, in shared memory: 1 for a row that it has added to, else 0. */
  readonly byCore: readonly Uint8Array[];
};

/**
 * Zeros for all that `cores` cores share: 4 · (1 + slots + cores) bytes an element. Parameters whose kind is `table` are tables.
 *
 * @example
 * ```ts
 * import { storeMemory } from "@kindred/tpu-sharding";
 *
 * const specs = [{ name: "bias", shape: [3], kind: "shift" }] as const;
 * const { parameters, slots, gradients } = storeMemory(specs, { cores: 2, slots: ["first"] });
 * parameters; // => [0, 0, 0]
 * slots.first; // => [0, 0, 0]
 * gradients.length; // => 2
 * ```
 */
export function storeMemory(
  specs: readonly ParameterSpec[],
  { cores, slots }: { readonly cores: number; readonly slots: readonly string[] },
): StoreMemory {
  const shards = parameterShards(Object.fromEntries(specs.map(({ name, shape }) => [name, elements(shape)])), cores);
  const count = 1 + slots.length + cores;
  const { vectors, heap } = sharedVectors(shards.length, count);
  const [parameters = new Float32Array(), ...others] = vectors;
  const tables = specs.flatMap(({ name, shape: [rows = 0, ...features], kind, rowWithoutGradient }) => {
    if (kind !== "table") return [];
    const byCore = Array.from({ length: cores }, () => new Uint8Array(new SharedArrayBuffer(rows)));
    return [[name, { rowLength: elements(features), rowWithoutGradient, byCore }] as const];
  });
  return {
    specs,
    shards,
    parameters,
    slots: Object.fromEntries(slots.map((slot, i) => [slot, others[i] ?? new Float32Array()])), // there are as many
    gradients: others.slice(slots.length),
    tables: Object.fromEntries(tables),
    heap,
  };
}

const pageBytes = 2 ** 16;
const mostPages = 2 ** 16;
/** Each vector begins where a cache line does. */
const alignment = 64;
/** What kernels need beside the vectors, from address 0 on. */
const reserved = 1024;

/**
 * Vectors of zeros of one length in shared memory: in one WebAssembly memory, where kernels can work on them in place, if they fit (4 GiB in
 * all), else each in memory of its own.
 */
export function sharedVectors(
  length: number,
  count: number,
): { readonly vectors: readonly Float32Array[]; readonly heap: WebAssembly.Memory | undefined } {
  const stride = Math.ceil((4 * length) / alignment) * alignment;
  const pages = Math.ceil((reserved + count * stride) / pageBytes);
  if (pages > mostPages) {
    const own = () => new Float32Array(new SharedArrayBuffer(4 * length));
    return { vectors: Array.from({ length: count }, own), heap: undefined };
  }
  const heap = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const view = (_: unknown, i: number) => new Float32Array(heap.buffer, reserved + i * stride, length);
  return { vectors: Array.from({ length: count }, view), heap };
}

function elements(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
