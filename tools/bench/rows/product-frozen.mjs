/**
 * @param {import("../row.mjs").Scale} scale
 * @param {"float32" | "bfloat16" | "int8"} form
 * @param {number} rows
 * @param {number | null} floor
 * @returns {import("../row.mjs").Case}
 */
function frozenCase(scale, form, rows, floor) {
  const work =
    scale === "quick"
      ? { rows: 3, inner: 48, columns: 64, weights: 2, repeats: 1 }
      : { rows, inner: 768, columns: 3072, weights: 30, repeats: rows < 100 ? 6 : 1 };
  return {
    case: `${form}, ${rows}×768×3072`,
    ours: { contestant: "kindred-frozen-product", setup: { ...work, form } },
    theirs: { contestant: "kindred-frozen-product", setup: { ...work, form: "linear" } },
    threads: 1,
    floor,
  };
}

/** @type {import("../row.mjs").Row} */
export const productFrozen = {
  id: "product-frozen",
  work: "products by weights of 16 and 8 bits, against float32's",
  how:
    "Kindred against itself: `x·Wᵀ` by thirty weights in turn, 283 MB of float32, as a model's come from memory, in a form of `startWeightForms`, and by `linear` with weights that " +
    "`packWeight` has packed. 15 rows are a query's tokens, 512 a batch's.",
  unit: "GFLOP/s",
  value: "rate",
  better: "higher",
  floor: 1,
  cases: (scale) => [
    frozenCase(scale, "float32", 512, 0.95),
    frozenCase(scale, "int8", 512, 1.9),
    frozenCase(scale, "float32", 15, 0.95),
    frozenCase(scale, "bfloat16", 15, 1.05),
    frozenCase(scale, "int8", 15, 1.9),
  ],
};
