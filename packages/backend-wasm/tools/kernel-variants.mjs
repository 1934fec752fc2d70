// The builds of the kernels, and what each is for.
import { fileURLToPath } from "node:url";
import { stridedTileSource } from "./strided-tile-source.mjs";
import { tileSource } from "./tile-source.mjs";

const assembly = fileURLToPath(new URL("../assembly", import.meta.url));

/**
 * @param {readonly string[]} features
 * @param {import("./tile-source.mjs").Tile} tile
 */
const build = (features, tile) => ({
  assembly,
  features,
  sources: { "tile.ts": tileSource(tile), "strided-tile.ts": stridedTileSource(tile) },
});

/** The largest tile that fits: 16 registers hold 6 × 8 in 128-bit vectors, and 6 × 16 once V8 has paired them to 256 bits. */
export const kernelVariants = {
  simd: build(["simd"], { rows: 6, columns: 8 }),
  relaxed: build(["simd", "relaxed-simd"], { rows: 6, columns: 8 }),
  wide: build(["simd", "relaxed-simd"], { rows: 6, columns: 16 }),
};
