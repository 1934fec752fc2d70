/** @type {import("../row.mjs").Row} */
export const adamw = {
  id: "adamw",
  work: "a step of AdamW, against memory",
  how:
    "A parameter of 23.4 million numbers, MPNet's word table. A step must read weight, gradient and two moments and write weight and moments, 28 bytes a " +
    "number; `TypedArray.set` copies, reading and writing, as many bytes in all.",
  unit: "GB/s",
  value: "rate",
  better: "higher",
  floor: 0.6,
  cases: (scale) => {
    const parameters = scale === "quick" ? 10_000 : 30_527 * 768;
    return /** @type {const} */ (["hf", "torch"]).map((flavour) => ({
      case: flavour,
      ours: { contestant: "kindred-adamw", setup: { parameters, flavour } },
      theirs: { contestant: "array-set", setup: { bytes: 28 * parameters } },
      threads: 1,
    }));
  },
};
