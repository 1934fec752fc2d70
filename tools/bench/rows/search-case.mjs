const dimension = 384;

/**
 * The search of an index, and its setup for whoever reads the same array once.
 *
 * @param {import("../row.mjs").Scale} scale
 */
export function searchCase(scale) {
  const rows = scale === "quick" ? 2000 : 1_000_000;
  return {
    case: `10 of ${rows.toLocaleString("en")} × ${dimension}, float32, 1 query`,
    ours: { contestant: "kindred-search", setup: { rows, dimension, precision: "float32" } },
    count: rows * dimension,
    threads: 1,
  };
}
