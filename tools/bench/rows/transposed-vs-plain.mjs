import { productCase } from "./product-case.mjs";

/** @type {import("../row.mjs").Row} */
export const transposedVsPlain = {
  id: "transposed-vs-plain",
  work: "our transposed product against our plain one",
  how: "Kindred against itself, each in a process of its own: a product with a transposed operand, and the plain product of the same three sizes.",
  unit: "GFLOP/s",
  value: "rate",
  better: "higher",
  floor: 0.9,
  cases: (scale) =>
    [
      productCase(scale, { size: [512, 768, 768], form: "NT" }),
      productCase(scale, { size: [768, 512, 768], form: "TN" }),
    ].map(({ tolerance: _, ...comparison }) => ({
      ...comparison,
      theirs: { contestant: "kindred-product", setup: { ...comparison.ours.setup, form: "NN" } },
    })),
};
