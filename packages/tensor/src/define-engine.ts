import { ConfigError } from "@kindred/errors";
import * as tf from "@tensorflow/tfjs-core";
import { readElements, writeElements } from "./elements.ts";
import type { Engine, EngineModule, RunningEngine } from "./engine.ts";
import { packed } from "./layout.ts";
import { memoryInUse } from "./memory-guard.ts";
import { registerPlainGradients } from "./plain-gradients/register-plain-gradients.ts";

/** What an engine consists of once it is loaded. The same object twice is the same engine. */
export type EngineParts<Extra extends object = object> = {
  readonly description: string;
  /** The tfjs backend that its ops run on, which is initialised. */
  readonly backend: string;
  /** Called as it becomes the active engine; what it returns is called as it ceases to be. Default: nothing to do. */
  readonly enter?: () => () => void;
  /** Called when it was stopped as often as it was started: the next start loads it anew. Default: nothing to do. */
  readonly end?: () => void;
  /** What the running engine does otherwise than tfjs's own backends, and what it has besides. */
  readonly running: Partial<Omit<RunningEngine, "description" | "stop">> & Extra;
};

/** An engine that another may be built on: its parts, changed, are the other's. */
export type DefinedEngine<Extra extends object = object> = Engine<RunningEngine & Extra> & {
  /** Gets it ready, and gives its parts. */
  readonly load: () => Promise<EngineParts<Extra>>;
};

/** What runs in this thread. */
type Engines = {
  /** The engines that were started and not stopped, the newest last. */
  readonly started: { readonly parts: EngineParts; readonly running: RunningEngine }[];
  /** The one that was entered. */
  active?: { readonly parts: EngineParts; readonly leave: (() => void) | undefined } | undefined;
  lastStart: Promise<unknown>;
};

// Under a global name, so that two copies of this package in one thread know of each other's engines: tfjs has one active backend.
const key = Symbol.for("kindred.engines");
const global = globalThis as { [key]?: Engines };
const engines: Engines = global[key] ?? { started: [], lastStart: Promise.resolve() };
global[key] = engines;

/**
 * An engine from what it is made of: `load` gets it ready, as often as it is started, and gives its parts.
 *
 * The newest engine that was started in a thread is the active one; stopping it, in any order, gives back to the newest that is left.
 *
 * @example
 * ```ts
 * import { cpu, defineEngine } from "@kindred/tensor";
 *
 * const slow = defineEngine({ name: "slow", load: async () => ({ ...(await cpu().load()), description: "as slow as can be" }) });
 * const running = await slow.start();
 * running.description; // => "as slow as can be"
 * ```
 */
export function defineEngine<Extra extends object = object>({
  name,
  module,
  load,
}: {
  readonly name: string;
  readonly module?: EngineModule;
  readonly load: () => Promise<EngineParts<Extra>>;
}): DefinedEngine<Extra> {
  const start = () => {
    // One after another: of two starts at a time, tfjs drops the first.
    const starting = engines.lastStart.then(() => startOf(load));
    engines.lastStart = starting.catch(() => {});
    return starting;
  };
  return { name, load, start, ...(module === undefined ? {} : { module }) };
}

async function startOf<Extra extends object>(load: () => Promise<EngineParts<Extra>>): Promise<RunningEngine & Extra> {
  tf.env().set("PROD", true); // no banner on stderr
  registerPlainGradients();
  let entry: Engines["started"][number] | undefined;
  const stop = () => {
    const at = entry === undefined ? -1 : engines.started.indexOf(entry);
    const [stopped] = at >= 0 ? engines.started.splice(at, 1) : [];
    activate();
    if (stopped !== undefined && !engines.started.some(({ parts }) => parts === stopped.parts)) stopped.parts.end?.();
  };
  try {
    const parts = await load();
    const running = { ...ofTfjs, ...parts.running, description: parts.description, stop };
    entry = { parts, running };
    engines.started.push(entry);
    activate();
    return running;
  } catch (error) {
    stop(); // loading may have switched tfjs's backend, and what can't be entered is not to stay
    throw error;
  }
}

/** Makes the newest engine that is left the active one. */
function activate(): void {
  const parts = engines.started.at(-1)?.parts;
  if (parts !== engines.active?.parts) {
    const former = engines.active;
    engines.active = undefined; // whatever throws, nobody is left twice
    former?.leave?.();
    engines.active = parts && { parts, leave: parts.enter?.() };
  }
  // At once, though it returns a promise: the backend is initialised.
  if (parts !== undefined && tf.getBackend() !== parts.backend) void tf.setBackend(parts.backend);
}

/** What engines on tfjs's own backends do. */
const ofTfjs: Omit<RunningEngine, "description" | "stop"> = {
  layout: (lengths, numbers) => packed(lengths, { numbers }),
  write: writeElements,
  read: async (from, into, at) => readElements(from, into, at),
  readSync: readElements,
  memory: memoryInUse,
};

/**
 * The engine that ops run on in this thread: the newest that was started and not stopped.
 *
 * @throws ConfigError when none runs.
 * @example
 * ```ts
 * import { activeEngine, cpu } from "@kindred/tensor";
 *
 * await cpu().start();
 * activeEngine().description; // => "tfjs cpu"
 * ```
 */
export function activeEngine(): RunningEngine {
  const newest = engines.started.at(-1);
  if (newest !== undefined) return newest.running;
  throw new ConfigError(
    "activeEngine: no engine runs in this thread. Got none, expected one that was started. Await an engine's start() first: " +
      "wasm() of @kindred/backend-wasm, or cpu() of @kindred/tensor.",
  );
}
