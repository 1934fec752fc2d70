/**
 * A race of matrix products, Kindred against another.
 *
 * @param {import("../row.mjs").Scale} scale
 * @param {object} options
 * @param {[rows: number, inner: number, columns: number]} options.size
 * @param {"NN" | "NT" | "TN"} options.form
 * @param {"auto" | "simd" | "relaxed"} [options.variant] of Kindred's kernels
 * @param {string} [options.peer] the other's contestant
 * @param {number | null} [options.floor] instead of the row's
 * @returns {import("../row.mjs").Case}
 */
export function productCase(scale, { size, form, variant = "auto", peer = "tfjs-product", floor }) {
  const [rows, inner, columns] = scale === "quick" ? [33, 48, 64] : size;
  const work = { rows, inner, columns, form, repeats: 1 };
  // Turns of about 0.1 s and more: the rates are orders of magnitude, not results.
  const repeats = (/** @type {number} */ gigaflops) =>
    scale === "quick" ? 1 : Math.max(1, Math.round((0.15 * gigaflops) / ((2 * rows * inner * columns) / 1e9)));
  const written = { NN: "x·W", NT: "x·Wᵀ", TN: "dyᵀ·x" }[form];
  return {
    case: `${written}, ${size.join("×")}${peer === "tfjs-product" ? "" : `, ${peer.replace("-product", "-js")}`}`,
    ours: { contestant: "kindred-product", setup: { ...work, variant, repeats: repeats(60) } },
    theirs: { contestant: peer, setup: { ...work, repeats: repeats(form === "NN" ? 20 : 1) } },
    threads: 1,
    // Entries are sums of `inner` products of normal numbers, about √inner in size; float32 sums in another order differ by some
    // 1e-7 of the sum of sizes. A wrong operand moves entries by √inner.
    tolerance: 1e-3,
    ...(floor === undefined ? {} : { floor }),
  };
}
