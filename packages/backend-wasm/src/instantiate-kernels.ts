import { type SideModuleOptions, startSideModule } from "@kindred/side-module";
import type { KernelExports } from "./generated/kernel-exports.ts";
import type { KernelVariant } from "./kernel-variant.ts";

// Loaded when asked for, so that a bundle splits them.
const generated = {
  simd: () => import("./generated/simd.ts"),
  relaxed: () => import("./generated/relaxed.ts"),
  wide: () => import("./generated/wide.ts"),
};

/** A variant's functions on a memory, which may be shared. Nothing is copied or allocated there. */
export async function instantiateKernels(
  variant: KernelVariant,
  memory: WebAssembly.Memory,
  options: SideModuleOptions = {},
): Promise<KernelExports> {
  const { base64 } = await generated[variant]();
  return startSideModule<KernelExports>(base64, memory, options);
}
