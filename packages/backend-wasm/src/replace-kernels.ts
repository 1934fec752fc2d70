import { implement, type WasmModule } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import { kernelFunction } from "./kernel-call.ts";
import type { KernelExports } from "./kernel-exports.ts";
import { kernels } from "./kernels.ts";
import { scratchArena } from "./scratch-arena.ts";

/** Lets a module's functions implement the ops on the wasm backend, until the returned function gives these their former kernels back. */
export function replaceKernels(exports: KernelExports, module: WasmModule): () => void {
  const arena = scratchArena(module);
  const former = kernels.map(({ name }) => [name, tf.getKernel(name, "wasm")] as const);
  for (const kernel of kernels) implement(kernel.name, "wasm", kernelFunction(kernel, exports, arena));
  return () => {
    for (const [name, kernel] of former) {
      if (kernel !== undefined) implement(name, "wasm", kernel.kernelFunc);
      else if (tf.getKernel(name, "wasm")) tf.unregisterKernel(name, "wasm");
    }
    arena.release();
  };
}
