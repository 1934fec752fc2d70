import type { Optimizer } from "@kindred/adamw";
import type { ParameterSpec } from "@kindred/encoder";
import { ShapeError } from "@kindred/errors";
import { shardRows } from "@kindred/mesh";

/**
 * What the cores of a run share: the parameters, what the optimizer remembers of them, and each core's gradients, as vectors of one
 * layout. Plain data: main makes it, fills parameters and slots before the mesh starts, and posts it to the cores as it is.
 */
export type StoreMemory = {
  readonly specs: readonly ParameterSpec[];
  readonly shards: ParameterShards;
  readonly parameters: Float32Array;
  /** By the optimizer's names for them; of what is frozen nothing is remembered. */
  readonly slots: { readonly [slot: string]: Float32Array };
  /** One a core, without what is frozen; zeros before the first step. */
  readonly gradients: readonly Float32Array[];
  /** Of the tables that are trained: which rows each core has touched in this step. */
  readonly tables: { readonly [name: string]: TouchedRows };
  /** The names of parameters that stay as they are: they lie behind the others, and no core owns anything of them. */
  readonly frozen: ReadonlySet<string>;
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
 * Zeros for all that `cores` cores share: 4 · (1 + slots + cores) bytes an element, 4 of one that is frozen. Parameters whose kind is `table`
 * are tables.
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
  { cores, slots, isFrozen }: Pick<Optimizer, "slots" | "isFrozen"> & { readonly cores: number },
): StoreMemory {
  const sizes = Object.fromEntries(specs.map(({ name, shape }) => [name, elements(shape)]));
  const frozen = new Set(specs.flatMap((spec) => (isFrozen?.(spec) === true ? [spec.name] : [])));
  const shards = parameterShards(sizes, cores, { frozen });
  const ofTrained = Array.from({ length: slots.length + cores }, () => shards.trained);
  const { vectors, heap } = sharedVectors([shards.length, ...ofTrained]);
  const [parameters = new Float32Array(), ...others] = vectors;
  const tables = specs.flatMap(({ name, shape: [rows = 0, ...features], kind, rowWithoutGradient }) => {
    if (kind !== "table" || frozen.has(name)) return [];
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
    frozen,
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
 * Vectors of zeros of these lengths in shared memory: in one WebAssembly memory, where kernels can work on them in place, if they fit (4 GiB
 * in all), else each in memory of its own.
 */
export function sharedVectors(lengths: readonly number[]): {
  readonly vectors: readonly Float32Array[];
  readonly heap: WebAssembly.Memory | undefined;
} {
  let end = reserved;
  const starts = lengths.map((length) => {
    const start = end;
    end += Math.ceil((4 * length) / alignment) * alignment;
    return start;
  });
  const pages = Math.ceil(end / pageBytes);
  if (pages > mostPages) {
    const own = (length: number) => new Float32Array(new SharedArrayBuffer(4 * length));
    return { vectors: lengths.map(own), heap: undefined };
  }
  const heap = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  return { vectors: lengths.map((length, i) => new Float32Array(heap.buffer, starts[i], length)), heap };
}

/** Elements of an array of this shape. */
export function elements(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Elements of one parameter that one core owns: from element `offset` of the parameter, at `start` of the flat vector. */
export type ParameterPiece = {
  readonly name: string;
  readonly offset: number;
  readonly start: number;
  readonly length: number;
};

/** What one core owns: a contiguous range of the flat vector, and the pieces of parameters that lie in it. */
export type ParameterShard = {
  readonly start: number;
  readonly length: number;
  readonly pieces: readonly ParameterPiece[];
};

/** A division of all parameters among the cores. Plain data: made on main, posted to every core. */
export type ParameterShards = {
  /** Elements of the flat vector: all parameters end to end, in the order in which they were named, frozen ones behind the others. */
  readonly length: number;
  /** Elements of all that are not frozen: a vector without those that are ends there. */
  readonly trained: number;
  /** Every parameter, whole. */
  readonly parameters: readonly ParameterPiece[];
  /** One a core. */
  readonly shards: readonly ParameterShard[];
};

/**
 * Divides the parameters among the cores, element by element: each core owns one contiguous range of all that are not `frozen`, laid end to
 * end, equal to one element. It sums the gradients of its range, keeps its moments and updates its weights. Of
 * those that are frozen, by default none, nobody owns anything.
 *
 * A parameter may be cut between two cores (AdamW looks at each element by itself), and with more cores than elements the last
 * cores own nothing.
 *
 * @param sizesByName elements of each parameter.
 *
 * @see Rajbhandari et al. 2020, "ZeRO: Memory Optimizations Toward Training Trillion Parameter Models", §5.1 (optimizer state
 *   partitioning), with contiguous ranges as there.
 *
 * @example
 * ```ts
 * import { parameterShards } from "@kindred/tpu-sharding";
 *
 * const { shards } = parameterShards({ weight: 6, bias: 2 }, 2);
 * shards[1].pieces; // => [{ name: "weight", offset: 4, start: 4, length: 2 }, { name: "bias", offset: 0, start: 6, length: 2 }]
 * ```
 */
export function parameterShards(
  sizesByName: Readonly<Record<string, number>>,
  cores: number,
  { frozen = new Set() }: { readonly frozen?: ReadonlySet<string> } = {},
): ParameterShards {
  const parameters: ParameterPiece[] = [];
  let length = 0;
  const place = (isPlaced: (name: string) => boolean) => {
    for (const [name, size] of Object.entries(sizesByName)) {
      if (!isPlaced(name)) continue;
      parameters.push({ name, offset: 0, start: length, length: size });
      length += size;
    }
    return length;
  };
  const trained = place((name) => !frozen.has(name));
  place((name) => frozen.has(name));
  const shards = Array.from({ length: cores }, (_, index) => {
    const { start, count } = shardRows(trained, cores, index);
    return { start, length: count, pieces: parameters.flatMap((whole) => cutPiece(whole, start, start + count)) };
  });
  return { length, trained, parameters, shards };
}

function cutPiece({ name, start, length }: ParameterPiece, from: number, to: number): ParameterPiece[] {
  const first = Math.max(start, from);
  const end = Math.min(start + length, to);
  return first < end ? [{ name, offset: first - start, start: first, length: end - first }] : [];
}

/** Arrays by parameter name. */
export type NamedArrays = Readonly<Record<string, Float32Array>>;

/**
 * The parameters in a flat vector, by name, as views: writing to one writes to the vector. A vector that ends where those begin that are
 * frozen has views of the others.
 *
 * With `core`, only what that core owns: a parameter cut between cores appears with its own elements alone, one of which it
 * owns nothing not at all.
 *
 * @throws ShapeError if the vector is neither of all elements nor of all that are trained, or there is no such core.
 *
 * @example
 * ```ts
 * import { parameterShards, parameterViews } from "@kindred/tpu-sharding";
 *
 * const shards = parameterShards({ weight: 6, bias: 2 }, 2);
 * const flat = Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8);
 * parameterViews(shards, flat).bias; // => [7, 8]
 * parameterViews(shards, flat, { core: 1 }).weight; // => [5, 6]
 * ```
 */
export function parameterViews(
  shards: ParameterShards,
  vector: Float32Array,
  { core }: { readonly core?: number } = {},
): NamedArrays {
  const pieces = core === undefined ? shards.parameters : shards.shards[core]?.pieces;
  if (pieces === undefined || (vector.length !== shards.length && vector.length !== shards.trained)) {
    throw new ShapeError(
      `parameterViews: the vector does not fit. Got ${vector.length} elements and core ${core ?? "(all)"}, ` +
        `expected ${shards.length}, or ${shards.trained} that are trained, and a core below ${shards.shards.length}.`,
      { length: vector.length, core },
    );
  }
  return Object.fromEntries(
    pieces
      .filter(({ start, length }) => start + length <= vector.length)
      .map(({ name, start, length }) => [name, vector.subarray(start, start + length)] as const),
  );
}
