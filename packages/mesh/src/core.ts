import type { NumericArray } from "./mesh-memory.ts";

/** Options of the collectives that give an array. */
export type Into<T extends NumericArray> = {
  /** Receives the result and is returned; the argument itself will do where the length is the same. Default: a new array. */
  readonly into?: T | undefined;
};

/**
 * One core of a mesh, as the program on it sees itself: its place, and the collectives, in which all cores take part.
 *
 * Collectives are synchronous: a core stands still until the others have come. All cores call the same ones in the same order;
 * where they do not, every core gets a `MeshError` that names what each was about to do. If a core fails, those that wait
 * for it, or would, get a `MeshError` at once. Sums are taken in core order in float64 and rounded once, so they are the same on
 * every core and repeat bit for bit.
 *
 * @see The Message Passing Interface Forum 2021, "MPI: A Message-Passing Interface Standard", version 4.0, chapter 6, for the
 *   collectives' meaning.
 *
 * @example
 * ```ts
 * import { soloCore } from "@kindred/mesh";
 *
 * const core = soloCore(); // on a mesh of n cores, the sum over n arrays
 * core.allReduce(Float32Array.of(1, 2)); // => [1, 2]
 * ```
 */
export type Core = {
  /** 0 … size − 1. */
  readonly index: number;
  readonly size: number;
  /** Returns when every core has called it. */
  barrier(): void;
  /** Fills `array` on every core with what it holds on `root` (default core 0); returns it. Same length on all cores. */
  broadcast<T extends NumericArray>(array: T, root?: number): T;
  /** The element-wise sum over the cores, the same on all. */
  allReduce<T extends NumericArray>(array: T, options?: Into<T>): T;
  /**
   * This core's part of the element-wise sum. Core c gets `counts[c]` elements, those after the parts of the cores before it;
   * by default the parts of {@link shardRows}. The counts add up to the array's length and are the same on all cores.
   */
  reduceScatter<T extends NumericArray>(array: T, options?: Into<T> & { readonly counts?: ArrayLike<number> }): T;
  /** The cores' arrays end to end, in core order; their lengths may differ, and may be 0. */
  allGather<T extends NumericArray>(array: T, options?: Into<T>): T;
  /** The sum over the cores of one number, in float64. */
  allReduceScalar(value: number): number;
  /** The number of each core, in core order. */
  allGatherScalar(value: number): Float64Array;
  /** Sends a message to the mesh's `onMessage` in the main thread, at once, in the middle of a call. */
  post(message: unknown): void;
};

/** What a core does on behalf of main: functions by name, called through {@link Mesh.call}. */
export type Handlers = {
  /** One function; what it gives goes back to main. */
  // biome-ignore lint/suspicious/noExplicitAny: a handler may take any argument that can be cloned.
  readonly [method: string]: (argument: any) => unknown;
};

/**
 * The default export of a program module: runs once on every core, may already use collectives, and gives the handlers.
 *
 * A handler's argument and result pass between threads as structured clones. It may be asynchronous; calls run one after another.
 */
export type CoreProgram<Data, H extends Handlers> = (core: Core, data: Data) => H | Promise<H>;
