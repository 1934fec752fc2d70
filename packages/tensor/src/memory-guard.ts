import { OutOfMemoryError } from "@kindred/errors";
import type { WasmModule } from "./wasm-backend.ts";

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

// On the module and under a global name, so that two copies of this package in one process share one guard.
const key = Symbol.for("kindred.memoryGuard");

/** The guard of a module, if it has one. */
export function memoryGuardOf(module: WasmModule): MemoryGuard | undefined {
  return (module as { [key]?: MemoryGuard })[key];
}

/**
 * Makes a module's allocator throw {@link OutOfMemoryError} where it would return 0 (which tfjs takes for an address and writes
 * to) and where more than the budget would be in use. Nothing is allocated then, and everything there goes on working.
 */
export function guardMemory(module: WasmModule, limitBytes: number): MemoryGuard {
  // Emscripten's _malloc and _free are stubs that put themselves in the place of any wrapper at their first call.
  module._free(module._malloc(8));
  const malloc = module._malloc;
  const free = module._free;
  const sizes = new Map<number, number>();
  const guard: MemoryGuard = { usedBytes: 0, limitBytes };
  let ballast = malloc(ballastBytes);

  module._malloc = (byteCount) => {
    if (guard.usedBytes + byteCount > guard.limitBytes) throw full(guard, byteCount);
    const offset = malloc(byteCount) >>> 0; // signed above 2 GiB
    if (offset === 0) {
      if (ballast !== 0) free(ballast);
      ballast = 0;
      throw full(guard, byteCount);
    }
    sizes.set(offset, byteCount);
    guard.usedBytes += byteCount;
    return offset;
  };
  module._free = (memoryOffset) => {
    const offset = memoryOffset >>> 0;
    guard.usedBytes -= sizes.get(offset) ?? 0; // blocks that C++ made are unknown here
    sizes.delete(offset);
    free(offset);
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
