import { ConfigError } from "@kindred/errors";
import { asWasmBackend, startBackend, type WasmModule } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import { chooseKernels } from "./choose-kernels.ts";
import type { KernelVariant } from "./kernel-variant.ts";
import type { Revectorization } from "./revectorization.ts";
import { replaceKernels } from "./replace-kernels.ts";

/** Options of {@link startWasmKernels}. */
export type StartWasmKernelsOptions = {
  /** The build to run. Default `"auto"`: the fastest that works here. */
  readonly variant?: "auto" | KernelVariant;
  /**
   * What `enableRevectorization()` of `@kindred/backend-wasm/node` gave. With it `"auto"` takes `"wide"`, if its 256-bit code
   * passes a check. Default: the flag is off.
   */
  readonly revectorization?: Revectorization;
  /** Gets one line that says which build was chosen, and why not a faster one. Default: nobody is told. */
  readonly log?: (line: string) => void;
};

/** Kernels at work. */
export type WasmKernels = {
  /** The build that runs. */
  readonly variant: KernelVariant;
  /** Gives the ops their former kernels back and frees what the kernels keep. Nothing happens where others have replaced them. */
  readonly stop: () => void;
};

/**
 * Makes this package's kernels those of tfjs's wasm backend: every op of `@kindred/nn` that has one runs it from now on, in this
 * process or worker.
 *
 * Starts the wasm backend if need be, and makes it the active one. Calling it again replaces the kernels, unless neither a variant
 * nor a revectorization is asked for: then those that run stay.
 *
 * @throws ConfigError when the variant asked for does not run on this engine
 *
 * @example
 * ```ts
 * import { startWasmKernels } from "@kindred/backend-wasm";
 * import { linear } from "@kindred/nn";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const { variant } = await startWasmKernels({ variant: "simd" });
 * variant; // => "simd"
 * linear(tf.tensor2d([[2, 3]]), tf.tensor2d([[1, 0], [0, 1], [1, 1]])).dataSync(); // => [2, 3, 5]
 * ```
 */
export async function startWasmKernels(options: StartWasmKernelsOptions = {}): Promise<WasmKernels> {
  await startBackend("wasm");
  const backend = asWasmBackend(tf.backend());
  const module = backend?.wasm;
  const memory = module?.wasmMemory ?? module?.asm?.memory;
  if (backend === undefined || module === undefined || memory === undefined) {
    throw new ConfigError("startWasmKernels: the active backend has no WebAssembly memory. Let startBackend start it.");
  }
  const asks = options.variant !== undefined || options.revectorization !== undefined;
  if (asks || running?.module !== module) {
    const { variant, exports, reason } = await chooseKernels(memory, backend, options);
    if (running?.module === module) running.kernels.stop(); // so that those given back are always tfjs's own
    const giveBack = replaceKernels(exports, backend);
    const stop = () => {
      if (running !== started) return;
      giveBack();
      running = undefined;
    };
    const started = { module, line: `wasm kernels: ${variant} (${reason})`, kernels: { variant, stop } };
    running = started;
  }
  options.log?.(running!.line);
  return running!.kernels;
}

/**
 * Gives the ops their former kernels back, whoever started those that run. Without any it does nothing.
 *
 * @example
 * ```ts
 * import { startWasmKernels, stopWasmKernels } from "@kindred/backend-wasm";
 *
 * await startWasmKernels();
 * stopWasmKernels(); // ops run as plain tfjs again
 * ```
 */
export function stopWasmKernels(): void {
  running?.kernels.stop();
}

/** What this thread runs, on which module, and what the log says of it. */
let running: { readonly module: WasmModule; readonly line: string; readonly kernels: WasmKernels } | undefined;
