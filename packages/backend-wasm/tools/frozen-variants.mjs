// The builds of frozen linear maps' kernels: those of the other kernels, by the same tiles.
import { fileURLToPath } from "node:url";
import { integerTileSource } from "./integer-tile-source.mjs";
import { tileSource } from "./tile-source.mjs";

const assembly = fileURLToPath(new URL("../assembly/frozen", import.meta.url));

/**
 * @param {readonly string[]} features
 * @param {Parameters<typeof integerTileSource>[0]} tile
 * @param {boolean} heap whether numbers come from another memory
 */
const build = (features, { columns, rows }, heap) => ({
  assembly,
  features,
  heap,
  sources: { "../tile.ts": tileSource({ rows: 6, columns }), "integer-tile.ts": integerTileSource({ columns, rows }) },
});

export const frozenVariants = {
  simd: build(["simd"], { columns: 8, rows: { pairs: 6 } }, false),
  relaxed: build(["simd", "relaxed-simd"], { columns: 8, rows: { quads: 6, dots: 6 } }, true),
  wide: build(["simd", "relaxed-simd"], { columns: 16, rows: { quads: 4, dots: 6 } }, true),
};
