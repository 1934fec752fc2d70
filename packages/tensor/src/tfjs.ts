import { ConfigError } from "@kindred/errors";
import * as tf from "@tensorflow/tfjs-core";
import { type DefinedEngine, defineEngine, type EngineParts } from "./define-engine.ts";
import { keepProcessListeners } from "./keep-process-listeners.ts";
import { defaultMemoryLimitBytes, guardMemory, heapEndBytes, memoryGuardOf } from "./memory-guard.ts";
import { mendKernels } from "./mend-kernels.ts";
import { asWasmBackend } from "./wasm-backend.ts";

/** Options of {@link tfjs}. */
export type TfjsOptions = {
  /** The most bytes that tensors may take while it is the active engine, of the heap's 4 GiB. Default: 3.5 GiB, or what the engine before allowed. */
  readonly memoryLimitBytes?: number;
  /** Where a browser finds tfjs's .wasm files: the folder's address with a slash at the end, or each file's by its name. */
  readonly wasmPaths?: string | { readonly [file: string]: string };
};

// Threads run what is built: Node 20 reads no TypeScript.
const moduleUrl = import.meta.url.replace(/src\/tfjs\.ts$/, "dist/tfjs.js");
const plain: EngineParts = { description: "tfjs wasm", backend: "wasm", running: {} };

/**
 * tfjs's own kernels on WebAssembly as an engine: ops run as their composites. Kindred's engine is built on it: `wasm` of `@kindred/backend-wasm`.
 *
 * tfjs's faults are mended once a process or worker: `Identity` shares memory instead of copying, `GatherV2` copies rows and
 * is right for batches, `UnsortedSegmentSum` exists, sums along negative axes stay in their memory, a full heap throws `OutOfMemoryError`, and Emscripten's process-wide handlers, which turn each
 * unhandled rejection into a crash with a trace of its own, are taken off. One thread: parallelism is the mesh's.
 *
 * Its start throws ConfigError when the backend does not start (in a browser mostly: the .wasm files were not found, which can't be
 * tried again with other `wasmPaths`).
 *
 * @throws ConfigError when `memoryLimitBytes` is not positive.
 * @example
 * ```ts
 * import { tfjs } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const engine = await tfjs({ memoryLimitBytes: 2_000_000_000 }).start();
 * const before = engine.memory();
 * const x = tf.zeros([250]);
 * engine.memory().bytes - before.bytes; // => 1000
 * engine.memory().limitBytes; // => 2000000000
 * ```
 */
export function tfjs(options: TfjsOptions = {}): DefinedEngine {
  const { memoryLimitBytes, wasmPaths } = options;
  if (memoryLimitBytes !== undefined && !(memoryLimitBytes > 0)) {
    throw new ConfigError(
      `tfjs: memoryLimitBytes is no size. Got ${memoryLimitBytes}, expected more than 0. Leave it out for 3.5 GiB.`,
      { memoryLimitBytes },
    );
  }
  const parts = memoryLimitBytes === undefined ? plain : { ...plain, enter: () => limitMemory(memoryLimitBytes) };
  const load = async () => {
    if (tf.engine().registry["wasm"] === undefined) await initialize(wasmPaths);
    return parts;
  };
  return defineEngine({ name: "tfjs", module: { url: moduleUrl, options }, load });
}

export default tfjs;

/** Starts tfjs's backend and mends it. Its code is loaded only where it is asked for. */
async function initialize(wasmPaths: TfjsOptions["wasmPaths"]): Promise<void> {
  try {
    const loaded = await import("@tensorflow/tfjs-backend-wasm");
    // Node gives a CommonJS module, a bundler an ES module.
    const { setWasmPaths } = "setWasmPaths" in loaded ? loaded : (loaded as { default: typeof loaded }).default;
    tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
    if (wasmPaths !== undefined) setWasmPaths(wasmPaths);
    const active = await keepProcessListeners(() => tf.setBackend("wasm"));
    if (!active) throw new Error("tfjs could not initialize wasm; it has printed why.");
  } catch (cause) {
    const got = wasmPaths === undefined ? "no wasmPaths" : `wasmPaths ${JSON.stringify(wasmPaths)}`;
    throw new ConfigError(
      `tfjs: the wasm backend does not start. Got ${got}, expected to find the .wasm files of ` +
        "@tensorflow/tfjs-backend-wasm there. Serve them, and give their address as wasmPaths of the engine that starts first.",
      { wasmPaths },
      { cause },
    );
  }
  const wasm = asWasmBackend(tf.backend())?.wasm;
  if (wasm === undefined || memoryGuardOf(wasm) !== undefined) return; // the guard of another copy of this package
  guardMemory(wasm, defaultMemoryLimitBytes);
  mendKernels();
}

function limitMemory(bytes: number): () => void {
  const wasm = asWasmBackend(tf.engine().registry["wasm"]);
  const guard = wasm && memoryGuardOf(wasm.wasm);
  if (guard === undefined) return () => {};
  const { limitBytes } = guard;
  guard.limitBytes = Math.min(bytes, heapEndBytes);
  return () => {
    guard.limitBytes = limitBytes;
  };
}
