import { ConfigError } from "@kindred/errors";
import type { Layout } from "./layout.ts";
import type { Float } from "./named-axes.ts";

/**
 * What can run ops, as a value: started in this thread, or, by its module, in another. `defineEngine` makes one.
 *
 * Only whoever composes a program names one (a command, a test, a page); libraries take it as an argument, or ask for {@link activeEngine}.
 */
export type Engine<Running extends RunningEngine = RunningEngine> = {
  /** What people call it in flags, logs and reports. */
  readonly name: string;
  /** Makes it the engine of this thread. Cheap where it runs already. */
  readonly start: () => Promise<Running>;
  /** Where another thread finds it. Without one it runs in the thread that made it alone. */
  readonly module?: EngineModule;
};

/** An engine in a form that crosses threads: the module's default export, called with the options, gives it. */
export type EngineModule = {
  readonly url: string;
  /** Something that a structured clone keeps. */
  readonly options?: unknown;
};

/** An engine at work in this thread. */
export type RunningEngine = {
  /** What runs, in a few words: `"tfjs wasm"`. */
  readonly description: string;
  /** How this engine wants a batch of sentences of these lengths to lie; `numbers` are the sentences' places in the global batch. */
  readonly layout: (lengths: Int32Array, numbers?: Int32Array) => Layout;
  /** Of an engine that makes a program for each shape of a batch: which suit it. Those that run op by op take any, and have none. */
  readonly programs?: ProgramSizes;
  /**
   * Writes `values` over the elements of a float32 tensor from element `at` on (default 0), in place: the one way a weight changes.
   *
   * All tensors that share the memory (clones, reshapes, what a tape saved) change with it, so it waits until no backward pass still
   * reads them. Copies that the engine made of a weight for its products are made anew. Throws ShapeError when the tensor is not
   * float32 or the values do not fit.
   */
  readonly write: (to: Float, values: Float32Array, at?: number) => void;
  /**
   * Copies a float32 tensor's elements into `into`, which may lie in shared memory, from element `at` on (default 0). Throws
   * ShapeError when the tensor is not float32 or `into` is too short.
   */
  readonly read: (from: Float, into: Float32Array, at?: number) => Promise<void>;
  /** The same at once, on engines that need not wait for their results. */
  readonly readSync?: (from: Float, into: Float32Array, at?: number) => void;
  /** How full it is. Before and after a piece of work that disposes what it makes, the numbers are the same. */
  readonly memory: () => MemoryInUse;
  /**
   * Says that what follows is better a program of its own than one with what went before, as a chunk of a batch is. Engines that run op by
   * op have none.
   */
  readonly cut?: () => void;
  /** The devices that this thread drives, of an engine that has some; its ops run on the first unless these say otherwise. */
  readonly devices?: Devices;
  /** Gives the thread back to the engine that ran before. Calling it again does nothing. */
  readonly stop: () => void;
};

/**
 * Devices that one thread drives, each with a memory of its own. Work on them is recorded, then run as one program: nothing is read within
 * it, and a tensor is used on the device that it lies on. `soloStepRunner` of `@kindred/tpu-sharding` makes a run's steps on them.
 */
export type Devices = {
  readonly count: number;
  /**
   * Where several processes, on as many hosts, drive equally many devices each and run one program on all of them: which one this is.
   * Default: there is one.
   */
  readonly processes?: { readonly index: number; readonly count: number };
  /** Whether a program that was made for one of them runs on any. Where not, `on` takes the first alone. */
  readonly portable: boolean;
  /**
   * Moves what float32 tensors hold into a device's memory, where it stays until they are disposed: weights, and what an optimizer
   * remembers. Work that disposes them may put its results in their place.
   */
  readonly place: (tensors: readonly Float[], device: number) => void;
  /** Does the work on one device. Its tensors lie there, and may be read once it has returned. */
  readonly on: <T>(device: number, work: () => T) => T;
  /**
   * Does the work on all devices at once, as one program in which they meet in collectives, and gives what it gave on each. Which ops it
   * calls, and on what shapes, may not depend on the device.
   */
  readonly together: <T>(work: (device: number) => T) => readonly T[];
};

/** How full an engine is. */
export type MemoryInUse = {
  /** Tensors not yet disposed, on all backends of this thread. */
  readonly tensors: number;
  /** Bytes that they and kernels' scratch take: of the heap where there is one, memory that tensors share counted once. */
  readonly bytes: number;
  /** The most that `bytes` may become; Infinity where nothing limits it. */
  readonly limitBytes: number;
};

/**
 * Which batches suit an engine that makes a program for each shape: sentences in blocks, of few lengths and in few numbers. Their ops are not
 * run one by one, so nothing can be looked up between them.
 */
export type ProgramSizes = {
  /** Rows of a block, unless a sentence needs more. */
  readonly blockRows: number;
  /** Rows of a batch; more at a time are no faster. */
  readonly batchRows: number;
};

/**
 * The module of an engine, for a worker that is to start it.
 *
 * @param functionName who asks, for the message.
 * @throws ConfigError when the engine has none.
 * @example
 * ```ts
 * import { cpu, moduleOfEngine } from "@kindred/tensor";
 *
 * moduleOfEngine("train", cpu()).url.startsWith("file:"); // => true
 * ```
 */
export function moduleOfEngine(functionName: string, { name, module }: Engine): EngineModule {
  if (module !== undefined) return module;
  throw new ConfigError(
    `${functionName}: other threads can't find the engine. Got "${name}" without a module, expected { url, options } whose ` +
      "module's default export makes the engine. Give it one, or stay in this thread.",
    { engine: name },
  );
}

/**
 * The engine of a module, in the thread that asks: the other end of {@link moduleOfEngine}.
 *
 * @throws ConfigError when the module's default export makes no engine.
 * @example
 * ```ts
 * import { cpu, engineFromModule, moduleOfEngine } from "@kindred/tensor";
 *
 * const engine = await engineFromModule(moduleOfEngine("train", cpu()));
 * engine.name; // => "cpu"
 * ```
 */
export async function engineFromModule({ url, options }: EngineModule): Promise<Engine> {
  const { default: make } = (await import(/* @vite-ignore */ url)) as { default?: unknown };
  const engine: unknown = typeof make === "function" ? make(options) : undefined;
  if (isEngine(engine)) return engine;
  const got = make === undefined ? "no default export" : `a default export that is a ${typeof make}`;
  throw new ConfigError(
    `engineFromModule: the module makes no engine. Got ${got} in ${url}, expected a function that returns { name, start }. ` +
      "In a bundled page give the engine a module of its own: { ...engine, module: { url, options } }.",
    { url },
  );
}

function isEngine(value: unknown): value is Engine {
  return typeof value === "object" && value !== null && "name" in value && "start" in value;
}
