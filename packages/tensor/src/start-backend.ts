import { ConfigError } from "@kindred/errors";
import * as tf from "@tensorflow/tfjs-core";
import { replaceGather } from "./gather-rows.ts";
import { defaultMemoryLimitBytes, guardMemory, heapEndBytes, memoryGuardOf } from "./memory-guard.ts";
import { shareIdentity } from "./share-identity.ts";
import { addUnsortedSegmentSum } from "./unsorted-segment-sum.ts";
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
 * @throws ConfigError when `memoryLimitBytes` is not positive, or the backend does not start (in a browser mostly: the .wasm files were not found).
 */
export async function startBackend(
  name: "wasm" | "cpu",
  { memoryLimitBytes, wasmPaths }: StartBackendOptions = {},
): Promise<void> {
  if (memoryLimitBytes !== undefined && !(memoryLimitBytes > 0)) {
    throw new ConfigError(
      `startBackend: memoryLimitBytes is no size. Got ${memoryLimitBytes}, expected more than 0. Leave it out for 3.5 GiB.`,
      { memoryLimitBytes },
    );
  }
  const limitBytes = memoryLimitBytes === undefined ? undefined : Math.min(memoryLimitBytes, heapEndBytes);
  tf.env().set("PROD", true); // no banner on stderr
  if (name === "cpu") await import("@tensorflow/tfjs-backend-cpu");
  else await loadWasm(wasmPaths);

  const before = processListeners();
  const started = await tf.setBackend(name).catch((cause: unknown) => cause);
  takeOffNewListeners(before);
  if (started !== true) {
    throw new ConfigError(
      `startBackend: the ${name} backend does not start. Got ${wasmPaths === undefined ? "no wasmPaths" : JSON.stringify(wasmPaths)}, ` +
        "expected the .wasm files of @tensorflow/tfjs-backend-wasm. Serve them and give their address as wasmPaths.",
      { backend: name, wasmPaths },
      { cause: started },
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
  shareIdentity();
  replaceGather();
  addUnsortedSegmentSum();
}

async function loadWasm(wasmPaths: StartBackendOptions["wasmPaths"]): Promise<void> {
  const loaded = await import("@tensorflow/tfjs-backend-wasm");
  // Node gives a CommonJS module, a bundler an ES module.
  const { setWasmPaths } = "setWasmPaths" in loaded ? loaded : (loaded as { default: typeof loaded }).default;
  tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
  if (wasmPaths !== undefined && tf.engine().registry["wasm"] === undefined) setWasmPaths(wasmPaths);
}

type Listener = (...values: unknown[]) => void;
type ProcessEvents = { listeners(event: string): Listener[]; off(event: string, listener: Listener): unknown };

const events = ["uncaughtException", "unhandledRejection"] as const;
const nodeProcess = (globalThis as { process?: Partial<ProcessEvents> }).process;

function processListeners(): Set<Listener> {
  return new Set(events.flatMap((event) => nodeProcess?.listeners?.(event) ?? []));
}

/** Takes off the listeners that came since and do nothing but throw on, which is Emscripten's form. */
function takeOffNewListeners(before: ReadonlySet<Listener>): void {
  for (const event of events) {
    for (const listener of nodeProcess?.listeners?.(event) ?? []) {
      const source = String(listener).replace(/\s+/g, "");
      if (!before.has(listener) && source.length < 100 && /throw\w+;?\}/.test(source))
        nodeProcess?.off?.(event, listener);
    }
  }
}
