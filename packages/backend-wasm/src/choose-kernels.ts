import { ConfigError } from "@kindred/errors";
import type { WasmBackend } from "@kindred/tensor";
import { instantiateKernels } from "./instantiate-kernels.ts";
import type { KernelExports } from "./generated/kernel-exports.ts";
import type { KernelVariant } from "./kernel-variant.ts";
import { pairsCorrectly } from "./pairs-correctly.ts";
import { relaxedSimdWorks } from "@kindred/side-module";

/** V8's pairing of 128-bit instructions to 256 bits, switched on. */
export type Revectorization = {
  /** The address of the module whose default export, called in another thread of the process, gives this there. */
  readonly module: string;
  /** Switches it off for what is compiled from then on, in all threads of the process. Left out where it came from another thread. */
  readonly disable?: () => void;
};

/** The build that was chosen, and why. */
export type ChosenKernels = {
  readonly variant: KernelVariant;
  readonly exports: KernelExports;
  readonly reason: string;
};

/** What is asked for. */
export type KernelChoice = {
  readonly variant?: "auto" | KernelVariant;
  readonly revectorization?: Revectorization | undefined;
  /** What decides whether "auto" may take "wide". */
  readonly check?: typeof pairsCorrectly;
};

/** Picks the fastest build that works on this engine, or the one that is asked for. */
export async function chooseKernels(
  memory: WebAssembly.Memory,
  backend: WasmBackend,
  { variant = "auto", revectorization, check = pairsCorrectly }: KernelChoice,
): Promise<ChosenKernels> {
  const relaxed = relaxedSimdWorks();
  if (variant !== "auto" && variant !== "simd" && !relaxed) {
    throw new ConfigError(
      `wasm: WebAssembly has no relaxed SIMD here. Got variant ${variant}, expected simd. ` +
        'Use "auto", or Node 22 and later.',
      { variant },
    );
  }
  const start = async (name: KernelVariant, reason: string) => {
    return { variant: name, exports: await instantiateKernels(name, memory), reason };
  };
  if (variant !== "auto") return start(variant, "as asked");
  if (!relaxed) return start("simd", "this engine has no relaxed SIMD");
  if (revectorization === undefined) return start("relaxed", "128 bits: V8's 256-bit pairing is not switched on");
  if (await check(memory, backend)) return start("wide", "256 bits");
  (await disablerOf(revectorization))();
  return start("relaxed", "V8's 256-bit pairing gave wrong numbers in a check, and is off now");
}

/** What switches the pairing off, here or in the thread that this one got the pairing from. */
async function disablerOf({ module, disable }: Revectorization): Promise<() => void> {
  if (disable !== undefined) return disable;
  const { default: enable } = (await import(/* @vite-ignore */ module)) as { default: () => Required<Revectorization> };
  return enable().disable;
}
