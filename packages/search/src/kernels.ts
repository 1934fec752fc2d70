import { relaxedSimdWorks, startSideModule } from "@kindred/side-module";
import type { KernelExports } from "./generated/kernel-exports.ts";

// Loaded when asked for, so that a bundle splits them.
const generated = {
  simd: () => import("./generated/simd.ts"),
  relaxed: () => import("./generated/relaxed.ts"),
};

/** The kernels on a memory, in the fastest build that works here. */
export async function startKernels(
  memory: WebAssembly.Memory,
  variant: keyof typeof generated = relaxedSimdWorks() ? "relaxed" : "simd",
): Promise<KernelExports> {
  const { base64 } = await generated[variant]();
  return startSideModule<KernelExports>(base64, memory);
}
