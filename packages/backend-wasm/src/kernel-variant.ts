/**
 * A build of the kernels: `"simd"` multiplies and adds 128 bits at a time and runs everywhere; `"relaxed"` does both at once where
 * the machine can (Node 22, Chrome 114, Firefox 146); `"wide"` has larger tiles, for V8's pairing to 256 bits.
 */
export type KernelVariant = "simd" | "relaxed" | "wide";
