import type { KernelVariant } from "./kernel-variant.ts";

// Loaded when asked for, so that a bundle splits them.
const generated = {
  simd: () => import("./generated/simd.ts"),
  relaxed: () => import("./generated/relaxed.ts"),
  wide: () => import("./generated/wide.ts"),
};

/** The module of a variant, as built from `assembly/`. */
export async function kernelBytes(variant: KernelVariant): Promise<Uint8Array<ArrayBuffer>> {
  const { base64 } = await generated[variant]();
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
