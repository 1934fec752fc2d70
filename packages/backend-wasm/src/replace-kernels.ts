import { implementArrayKernels } from "@kindred/adamw";
import type { WasmBackend } from "@kindred/tensor";
import { wasmArrayKernels } from "./array-kernels.ts";
import type { KernelExports } from "./generated/kernel-exports.ts";
import { kernels } from "./kernels.ts";
import { scratchArena } from "./scratch-arena.ts";

/** Lets a module's functions implement the ops on the wasm backend, until the returned function gives these their former kernels back. */
export function replaceKernels(exports: KernelExports, backend: WasmBackend): () => void {
  const arena = scratchArena(backend.wasm);
  const givesBack = kernels.map(({ start }) => start(exports, backend, arena));
  givesBack.push(implementArrayKernels(wasmArrayKernels));
  return () => {
    for (const giveBack of givesBack) giveBack();
    arena.release();
  };
}
