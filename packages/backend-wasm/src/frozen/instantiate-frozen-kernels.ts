import { type SideModuleOptions, startSideModule } from "@kindred/side-module";
import type { KernelExports } from "../generated/frozen/kernel-exports.ts";
import type { KernelVariant } from "../kernel-variant.ts";

// Loaded when asked for, so that a bundle splits them.
const generated = {
  simd: () => import("../generated/frozen/simd.ts"),
  relaxed: () => import("../generated/frozen/relaxed.ts"),
  wide: () => import("../generated/frozen/wide.ts"),
};

/** A variant's functions on the memory of weights and on the heap. `"simd"` knows one memory. */
export async function instantiateFrozenKernels(
  variant: KernelVariant,
  weights: WebAssembly.Memory,
  heap: WebAssembly.Memory,
  options: Pick<SideModuleOptions, "twin"> = {},
): Promise<KernelExports> {
  const { base64 } = await generated[variant]();
  return startSideModule<KernelExports>(base64, weights, variant === "simd" ? options : { ...options, heap });
}
