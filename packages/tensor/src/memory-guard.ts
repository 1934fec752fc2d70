import { OutOfMemoryError } from "@kindred/errors";
import * as tf from "@tensorflow/tfjs-core";
import type { MemoryInUse } from "./engine.ts";
import { asWasmBackend, type WasmModule } from "./wasm-backend.ts";

/** What the guard of a wasm heap counts. */
export type MemoryGuard = {
  /** Bytes that tensors and scratch of kernels have allocated and not freed. */
  usedBytes: number;
  /** The most that `usedBytes` may become. */
  limitBytes: number;
};

const mebibyte = 2 ** 20;

/** Where the heap of tfjs-backend-wasm ends, whatever the budget: 4 GiB. */
export const heapEndBytes = 4096 * mebibyte;

/**
 * The default budget, 3.5 GiB. The heap ends at 4 GiB, of which allocations reach 3.9; the rest is for what the guard can't see:
 * XNNPACK's packed copies of weights (340 MB for MPNet-base where stock matMul is used) and fragmentation.
 */
export const defaultMemoryLimitBytes = 3584 * mebibyte;

// Held back from a full heap: C++ code behind the guard's back aborts the module when it can't get a few bytes.
const ballastBytes = mebibyte;

// The size of a cache line. Emscripten aligns to 16 bytes, and rows of a matrix that straddle two lines cost a product 10 %.
const alignment = 64;
// Smaller blocks are not worth the padding.
const smallestAlignedBytes = 1024;

// On the module and under a global name, so that two copies of this package in one process share one guard.
const key = Symbol.for("kindred.memoryGuard");

/** The guard of a module, if it has one. */
export function memoryGuardOf(module: WasmModule): MemoryGuard | undefined {
  return (module as { [key]?: MemoryGuard })[key];
}

/**
 * Makes a module's allocator throw {@link OutOfMemoryError} where it would return 0 (which tfjs takes for an address and writes
 * to) and where more than the budget would be in use. Nothing is allocated then, and everything there goes on working.
 * What is larger than a kilobyte begins at a cache line.
 */
export function guardMemory(module: WasmModule, limitBytes: number): MemoryGuard {
  // Emscripten's _malloc and _free are stubs that put themselves in the place of any wrapper at their first call.
  module._free(module._malloc(8));
  const malloc = module._malloc;
  const free = module._free;
  const blocks = new Map<number, { readonly start: number; readonly byteCount: number }>();
  const guard: MemoryGuard = { usedBytes: 0, limitBytes };
  let ballast = malloc(ballastBytes);

  module._malloc = (byteCount) => {
    if (guard.usedBytes + byteCount > guard.limitBytes) throw full(guard, byteCount);
    const padding = byteCount >= smallestAlignedBytes ? alignment - 8 : 0; // blocks start at multiples of 8 at least
    const start = malloc(byteCount + padding) >>> 0; // signed above 2 GiB
    if (start === 0) {
      if (ballast !== 0) free(ballast);
      ballast = 0;
      throw full(guard, byteCount);
    }
    const offset = padding === 0 ? start : Math.ceil(start / alignment) * alignment;
    blocks.set(offset, { start, byteCount });
    guard.usedBytes += byteCount;
    return offset;
  };
  module._free = (memoryOffset) => {
    const offset = memoryOffset >>> 0;
    const block = blocks.get(offset); // blocks that C++ made are unknown here
    guard.usedBytes -= block?.byteCount ?? 0;
    blocks.delete(offset);
    free(block?.start ?? offset);
    if (ballast === 0) ballast = malloc(ballastBytes);
  };
  Object.defineProperty(module, key, { value: guard });
  return guard;
}

function full({ usedBytes, limitBytes }: MemoryGuard, requestedBytes: number): OutOfMemoryError {
  const told = (bytes: number) => (bytes < mebibyte ? `${bytes} bytes` : `${(bytes / mebibyte).toFixed(1)} MiB`);
  return new OutOfMemoryError(
    `tensor heap: ${told(requestedBytes)} more do not fit. Got ${told(usedBytes)} in use, expected at most ` +
      `${told(limitBytes)} in all. Lower the token budget of a micro-batch (or the batch size), or raise ` +
      "memoryLimitBytes where it is below the heap's end at 4096 MiB.",
    { requestedBytes, usedBytes, limitBytes },
  );
}

/** `memory` of a running engine on tfjs's own backends. */
export function memoryInUse(): MemoryInUse {
  const { numTensors: tensors, numBytes } = tf.memory();
  const wasm = asWasmBackend(tf.backend())?.wasm;
  const guard = wasm && memoryGuardOf(wasm);
  return { tensors, bytes: guard?.usedBytes ?? numBytes, limitBytes: guard?.limitBytes ?? Number.POSITIVE_INFINITY };
}
