import { ConfigError } from "@kindred/errors";
import * as tf from "@tensorflow/tfjs-core";
import { keepProcessListeners } from "./keep-process-listeners.ts";
import { defaultMemoryLimitBytes, guardMemory, heapEndBytes, memoryGuardOf } from "./memory-guard.ts";
import { registerPlainGradients } from "./plain-gradients/register-plain-gradients.ts";
import { mendKernels } from "./mend-kernels.ts";
import { asWasmBackend } from "./wasm-backend.ts";

/** Options of {@link startBackend}; they concern `"wasm"` alone. */
export type StartBackendOptions = {
  /** The most bytes that tensors may take, of the heap's 4 GiB. Default 3.5 GiB; the newest call's value holds. */
  readonly memoryLimitBytes?: number;
  /** Where a browser finds tfjs's .wasm files: the folder's address with a slash at the end, or each file's by its name. */
  readonly wasmPaths?: string | { readonly [file: string]: string };
};

/**
 * Makes a tfjs backend the active one, ready for ops: `"wasm"` for work, `"cpu"` (plain JavaScript) as a reference.
 *
 * On `"wasm"` tfjs's faults are mended once a process or worker: `Identity` shares memory instead of copying, `GatherV2` copies
 * rows, `UnsortedSegmentSum` exists, a full heap throws `OutOfMemoryError`, and Emscripten's process-wide handlers, which turn
 * each unhandled rejection into a crash with a trace of its own, are taken off. One thread: parallelism is the mesh's.
 *
 * Calling it again is cheap and only switches backends and sets the limit.
 *
 * @throws ConfigError when `memoryLimitBytes` is not positive, or the backend does not start (in a browser mostly: the .wasm files were not
 * found, which can't be tried again with other `wasmPaths`).
 * @example
 * ```ts
 * import { startBackend } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await startBackend("wasm", { memoryLimitBytes: 2_000_000_000 });
 * tf.getBackend(); // => "wasm"
 * ```
 */
export function startBackend(name: "wasm" | "cpu", options: StartBackendOptions = {}): Promise<void> {
  // One after another: of two starts at a time, tfjs drops the first.
  const started = lastStart.then(() => start(name, options));
  lastStart = started.catch(() => {});
  return started;
}

let lastStart: Promise<void> = Promise.resolve();

async function start(name: "wasm" | "cpu", { memoryLimitBytes, wasmPaths }: StartBackendOptions): Promise<void> {
  if (memoryLimitBytes !== undefined && !(memoryLimitBytes > 0)) {
    throw new ConfigError(
      `startBackend: memoryLimitBytes is no size. Got ${memoryLimitBytes}, expected more than 0. Leave it out for 3.5 GiB.`,
      { memoryLimitBytes },
    );
  }
  const limitBytes = memoryLimitBytes === undefined ? undefined : Math.min(memoryLimitBytes, heapEndBytes);
  tf.env().set("PROD", true); // no banner on stderr
  registerPlainGradients();
  try {
    await activate(name, wasmPaths);
  } catch (cause) {
    const got = wasmPaths === undefined ? "no wasmPaths" : `wasmPaths ${JSON.stringify(wasmPaths)}`;
    throw new ConfigError(
      `startBackend: the ${name} backend does not start. Got ${got}, expected to find the .wasm files of ` +
        "@tensorflow/tfjs-backend-wasm there. Serve them, and give their address as wasmPaths of the first call.",
      { backend: name, wasmPaths },
      { cause },
    );
  }
  const wasm = asWasmBackend(tf.backend())?.wasm;
  if (wasm === undefined) return;
  const guard = memoryGuardOf(wasm);
  if (guard !== undefined) {
    guard.limitBytes = limitBytes ?? guard.limitBytes;
    return;
  }
  guardMemory(wasm, limitBytes ?? defaultMemoryLimitBytes);
  mendKernels();
}

/** Loads a backend's code and makes it the active one. Each is loaded only where it is asked for. */
async function activate(name: "wasm" | "cpu", wasmPaths: StartBackendOptions["wasmPaths"]): Promise<void> {
  if (name === "cpu") await import("@tensorflow/tfjs-backend-cpu");
  else {
    const loaded = await import("@tensorflow/tfjs-backend-wasm");
    // Node gives a CommonJS module, a bundler an ES module.
    const { setWasmPaths } = "setWasmPaths" in loaded ? loaded : (loaded as { default: typeof loaded }).default;
    tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
    if (wasmPaths !== undefined && tf.engine().registry["wasm"] === undefined) setWasmPaths(wasmPaths);
  }
  const active = await keepProcessListeners(() => tf.setBackend(name));
  if (!active) throw new Error(`tfjs could not initialize ${name}; it has printed why.`);
}
