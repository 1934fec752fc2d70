import * as tf from "@tensorflow/tfjs-core";
import type { MemoryInUse } from "./engine.ts";
import { memoryGuardOf } from "./memory-guard.ts";
import { asWasmBackend } from "./wasm-backend.ts";

/**
 * How many tensors and bytes are in use, and how many bytes may be.
 *
 * Before and after a piece of work that disposes what it makes, the three numbers are the same.
 *
 * @example
 * ```ts
 * import { memoryInUse, startBackend } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
import type { MemoryInUse } from "./engine.ts";
 *
 * await startBackend("wasm");
 * const before = memoryInUse();
 * const x = tf.zeros([250]);
 * memoryInUse().bytes - before.bytes; // => 1000
 * memoryInUse().tensors - before.tensors; // => 1
 * x.dispose();
 * ```
 */
export function memoryInUse(): MemoryInUse {
  const { numTensors: tensors, numBytes } = tf.memory();
  const wasm = asWasmBackend(tf.backend())?.wasm;
  const guard = wasm && memoryGuardOf(wasm);
  return { tensors, bytes: guard?.usedBytes ?? numBytes, limitBytes: guard?.limitBytes ?? Number.POSITIVE_INFINITY };
}
