import type { MakesArrayKernels } from "@kindred/adamw";
import { ConfigError } from "@kindred/errors";
import { type KeepsWeights, weightForms } from "@kindred/nn";
import {
  asWasmBackend,
  type DefinedEngine,
  defineEngine,
  type EngineParts,
  tfjs,
  type TfjsOptions,
} from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import { wasmArrayKernels } from "./array-kernels.ts";
import { chooseKernels, type Revectorization } from "./choose-kernels.ts";
import { frozenWeights } from "./frozen/frozen-weights.ts";
import type { KernelVariant } from "./kernel-variant.ts";
import { replaceKernels } from "./kernels.ts";

// Threads run what is built: Node 20 reads no TypeScript.
const moduleUrl = import.meta.url.replace(/src\/wasm\.ts$/, "dist/wasm.js");

/** Options of {@link wasm}. */
export type WasmOptions = TfjsOptions & {
  /** The build to run. Default `"auto"`: the fastest that works here. */
  readonly variant?: "auto" | KernelVariant;
  /**
   * What `enableRevectorization()` of `@kindred/backend-wasm/node` gave. With it `"auto"` takes `"wide"`, if its 256-bit code
   * passes a check. Default: the flag is off.
   */
  readonly revectorization?: Revectorization;
};

/** What a running {@link wasm} engine has besides. */
export type WasmExtra = {
  /** The build that runs. */
  readonly variant: KernelVariant;
} & MakesArrayKernels &
  KeepsWeights;

/**
 * Kindred's own kernels as an engine, on tfjs's wasm backend: every op of `@kindred/nn` that has one runs it, the others run as their composites.
 *
 * Its start throws ConfigError when the variant asked for does not run here, and what `tfjs` of `@kindred/tensor` throws.
 *
 * @throws ConfigError when `memoryLimitBytes` is not positive.
 * @example
 * ```ts
 * import { wasm } from "@kindred/backend-wasm";
 * import { linear } from "@kindred/nn";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const engine = await wasm({ variant: "simd" }).start();
 * engine.description; // => "wasm kernels: simd (as asked)"
 * linear(tf.tensor2d([[2, 3]]), tf.tensor2d([[1, 0], [0, 1], [1, 1]])).dataSync(); // => [2, 3, 5]
 * engine.stop();
 * ```
 */
export function wasm(options: WasmOptions = {}): DefinedEngine<WasmExtra> {
  const { variant = "auto", revectorization, ...ofTfjs } = options;
  const base = tfjs(ofTfjs);
  const load = async () => {
    const under = await base.load();
    const key = [variant, revectorization !== undefined, ofTfjs.memoryLimitBytes].join(); // JSON has no Infinity
    const known = loaded.get(key) ?? kernelParts(under, { variant, revectorization });
    loaded.set(key, known);
    known.catch(() => loaded.delete(key)); // another start may find what this one lacked
    return known;
  };
  const crossing = revectorization === undefined ? {} : { revectorization: { module: revectorization.module } };
  return defineEngine({
    name: "wasm",
    module: { url: moduleUrl, options: { ...ofTfjs, variant, ...crossing } },
    load,
  });
}

export default wasm;

/** What this thread has loaded, by what was asked for: starting again instantiates and checks nothing anew. */
const loaded = new Map<string, Promise<EngineParts<WasmExtra>>>();

async function kernelParts(
  under: EngineParts,
  choice: { readonly variant: "auto" | KernelVariant; readonly revectorization: Revectorization | undefined },
): Promise<EngineParts<WasmExtra>> {
  const backend = asWasmBackend(tf.engine().registry[under.backend]);
  const memory = backend?.wasm.wasmMemory ?? backend?.wasm.asm?.memory;
  if (backend === undefined || memory === undefined) {
    throw new ConfigError("wasm: tfjs's wasm backend has no WebAssembly memory. Let this engine start it.");
  }
  await tf.setBackend(under.backend); // the check runs ops; whoever starts this engine then makes the active one active
  const { variant, exports, reason } = await chooseKernels(memory, backend, choice);
  const enter = () => {
    const leave = under.enter?.();
    const giveBack = replaceKernels(exports, backend);
    return () => {
      giveBack();
      leave?.();
    };
  };
  const description = `wasm kernels: ${variant} (${reason})`;
  const keeps: KeepsWeights = {
    weightForms,
    frozenWeights: (weights, form, agree) =>
      frozenWeights({ variant, module: backend.wasm, heap: memory }, weights, form, agree),
  };
  const running = { ...under.running, variant, arrayKernels: wasmArrayKernels, ...keeps };
  return { ...under, description, enter, running };
}
