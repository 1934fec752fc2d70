// The builds of the kernels, and what each is for.

/**
 * @typedef {import("./tile-source.mjs").Tile} Tile
 * @typedef {{ readonly features: readonly string[], readonly tile: Tile }} KernelVariant
 */

/**
 * The largest tile that fits: 16 registers hold 6 × 8 in 128-bit vectors, and 6 × 16 once V8 has paired them to 256 bits.
 *
 * @type {Readonly<Record<"simd" | "relaxed" | "wide", KernelVariant>>}
 */
export const kernelVariants = {
  simd: { features: ["simd"], tile: { rows: 6, columns: 8 } },
  relaxed: { features: ["simd", "relaxed-simd"], tile: { rows: 6, columns: 8 } },
  wide: { features: ["simd", "relaxed-simd"], tile: { rows: 6, columns: 16 } },
};
