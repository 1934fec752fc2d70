import { ConfigError } from "@kindred/errors";
import type { Core, CoreProgram } from "@kindred/mesh";
import { countFlops } from "@kindred/nn";
import {
  type Engine,
  type EngineModule,
  engineFromModule,
  type Float,
  type Profile,
  profileKernels,
  type RunningEngine,
} from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import { arrayStore } from "./array-store.ts";
import type { StoreOptions, StoreUpdate } from "./parameter-store.ts";
import type { StoreMemory } from "./store-memory.ts";
import {
  firstProfiledStep,
  type MakeStepProgram,
  type StepProgram,
  type StepResult,
  type StepShare,
} from "./step-runner.ts";

/** What main passes to every core. */
export type StepCoreData = {
  /** The module of the engine; undefined where it has none, and the thread has an engine of its own. */
  readonly engine: EngineModule | undefined;
  /** The module of the program, as a URL; undefined where the thread has a program of its own. */
  readonly program: string | undefined;
  readonly data: unknown;
  readonly memory: StoreMemory;
  readonly store: Omit<StoreOptions, "optimizer">;
  readonly profile: boolean;
};

/** One core's part of a step. */
export type StepJob = { readonly share: unknown; readonly numbers: Float32Array };

/** What main calls on a core. */
export type StepHandlers = {
  /** The engine, in words. */
  readonly describe: () => string;
  /** Makes its part of a step; the loss is all cores' sum. */
  readonly step: (job: StepJob) => Promise<StepResult>;
  /** The vectors of a batch, end to end; undefined where it has none. */
  readonly embed: (batch: unknown) => Promise<Float32Array | undefined>;
  /** What was measured, if that was asked of this core. */
  readonly profile: () => Profile | undefined;
};

/** What a worker of a bundled page brings itself. */
export type OwnStepParts<Data, Share, Batch> = {
  /** Default: the default export of the module that main names. */
  readonly program?: MakeStepProgram<Data, Share, Batch>;
  /** Default: the engine of the module that main's engine names. */
  readonly engine?: Engine;
};

/**
 * The program of a core that makes steps: it starts the engine, then the program, then the store.
 *
 * A thread finds both by their modules' addresses. A bundler moves modules: there a worker brings them itself.
 *
 * @example
 * ```ts ignore
 * // worker.js, for startStepRunner({ program: { worker: () => new Worker(new URL("./worker.js", import.meta.url), { type: "module" }) } })
 * import { wasm } from "@kindred/backend-wasm";
 * import { runAsCore } from "@kindred/mesh";
 * import { stepCore } from "@kindred/tpu-sharding";
 * import program from "./program.js";
 *
 * runAsCore(stepCore({ program, engine: wasm() }));
 * ```
 */
export function stepCore<Data, Share, Batch>(
  own: OwnStepParts<Data, Share, Batch> = {},
): CoreProgram<StepCoreData, StepHandlers> {
  return async (core, data) => {
    const engine = await (own.engine ?? (await engineOf(data.engine))).start();
    // What crosses threads is of the types that main and program agree on; a core need not know them.
    const make = (own.program ?? (await loadProgram(data.program))) as MakeStepProgram<unknown, unknown, unknown>;
    const program = await make({ core, engine, data: data.data });
    return stepHandlers(core, { ...data, engine, program });
  };
}

export default stepCore();

async function engineOf(module: EngineModule | undefined): Promise<Engine> {
  if (module === undefined) throw bringsNo("engine");
  return engineFromModule(module);
}

function bringsNo(part: "engine" | "program"): ConfigError {
  return new ConfigError(
    `stepCore: this worker has no ${part}. Got none, and no module of main's, expected either. Bring it: stepCore({ program, engine }).`,
  );
}

async function stepHandlers(
  core: Core,
  {
    engine,
    program,
    memory,
    store: options,
    profile,
  }: Omit<StepCoreData, "engine" | "program"> & {
    readonly engine: RunningEngine;
    readonly program: StepProgram<unknown, unknown>;
  },
): Promise<StepHandlers> {
  const store = await arrayStore(core, memory, { ...options, engine, optimizer: program.optimizer });
  const profiler = stepProfiler(profile && core.index === 0);
  return {
    describe: () => engine.description,
    step: async ({ share, numbers }) => {
      profiler.beginStep();
      const result = await finishStep(engine, program.step(store, share), store.update(numbers));
      return { ...result, loss: core.allReduceScalar(result.loss) };
    },
    embed: async (batch) => (batch === undefined ? undefined : take(engine, program.embed(store.parameters, batch))),
    profile: () => profiler.stop(),
  };
}

async function loadProgram(url: string | undefined): Promise<unknown> {
  if (url === undefined) throw bringsNo("program");
  const program: unknown = (await import(/* @vite-ignore */ url)).default;
  if (typeof program === "function") return program;
  throw new ConfigError(
    `startStepRunner: the program has no function to start. Got a default export of type ${typeof program} from ${url}, ` +
      "expected `export default ({ core, engine, data }) => ({ optimizer, step, embed })`.",
    { program: url },
  );
}

/** Measures ops from the third step on, if it is asked for. Stopped again it gives nothing. */
export function stepProfiler(asked: boolean): { beginStep(): void; stop(): Profile | undefined } {
  let profiler: ReturnType<typeof profileKernels> | undefined;
  let steps = 0;
  return {
    beginStep() {
      if (++steps === firstProfiledStep && asked) profiler = profileKernels({ countFlops });
    },
    stop() {
      const running = profiler;
      profiler = undefined;
      return running?.stop();
    },
  };
}

/** A tensor's values; it is disposed, also where it cannot be read. */
export async function take(engine: RunningEngine, tensor: Float): Promise<Float32Array> {
  const values = new Float32Array(tensor.size);
  try {
    await engine.read(tensor, values);
  } finally {
    tensor.dispose();
  }
  return values;
}

/** Reads what a step gave, and looks at what it wants to be looked at. Whatever is wrong with it, all of it is disposed. */
export async function finishStep(
  engine: RunningEngine,
  { loss, checks }: StepShare,
  { norm, notFinite }: StoreUpdate,
): Promise<StepResult> {
  try {
    const numbers = { loss: await takeNumber(engine, loss), norm: await takeNumber(engine, norm) };
    await look(engine, checks);
    return { ...numbers, ...(notFinite && { notFinite }) };
  } finally {
    tf.dispose([loss, norm, ...checksOf(checks)]);
  }
}

/** The tensors that a step wants to be looked at. */
export function checksOf(checks: StepShare["checks"] = []): Float[] {
  return checks.map(({ value }) => value);
}

/** Looks at the numbers that a step wants to be looked at. */
export async function look(engine: RunningEngine, checks: StepShare["checks"] = []): Promise<void> {
  for (const { value, expect } of checks) expect(await takeNumber(engine, value));
}

/** A scalar's value; it is disposed. */
async function takeNumber(engine: RunningEngine, tensor: Float<"">): Promise<number> {
  const [value = Number.NaN] = await take(engine, tensor);
  return value;
}
