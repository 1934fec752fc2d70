import * as tf from "@tensorflow/tfjs-core";
import { memoryGuardOf } from "./memory-guard.ts";
import { asWasmBackend } from "./wasm-backend.ts";

/** How full the active backend is. */
export type MemoryInUse = {
  /** Tensors not yet disposed, on all backends. */
  readonly tensors: number;
  /** Bytes that they and kernels' scratch take: on `wasm` of the heap, memory that tensors share counted once. */
  readonly bytes: number;
  /** The most that `bytes` may become; Infinity on `cpu`. */
  readonly limitBytes: number;
};

/** How many tensors and bytes are in use, and how many bytes may be. */
export function memoryInUse(): MemoryInUse {
  const { numTensors: tensors, numBytes } = tf.memory();
  const wasm = asWasmBackend(tf.backend())?.wasm;
  const guard = wasm && memoryGuardOf(wasm);
  return { tensors, bytes: guard?.usedBytes ?? numBytes, limitBytes: guard?.limitBytes ?? Number.POSITIVE_INFINITY };
}
