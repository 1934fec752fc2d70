import { productCase } from "./product-case.mjs";

/** @type {import("../row.mjs").Row} */
export const productTransposed = {
  id: "product-transposed",
  work: "matrix product with a transposed operand",
  how: "As `product`, with either operand transposed in memory: `x·Wᵀ` (`transposeB` in tfjs) and `dyᵀ·x` (`transposeA`), the products of a linear layer.",
  unit: "GFLOP/s",
  value: "rate",
  better: "higher",
  floor: 30,
  cases: (scale) => [
    productCase(scale, { size: [512, 768, 768], form: "NT" }),
    productCase(scale, { size: [768, 512, 768], form: "TN" }),
  ],
};
