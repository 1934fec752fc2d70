import { productCase } from "./product-case.mjs";

/** @type {import("../row.mjs").Row} */
export const product = {
  id: "product",
  work: "matrix product",
  how:
    "`x·W` of float32 matrices, read back. Kindred packs its operands anew in each product, within the time, as in training, where " +
    "weights change with each step; tfjs keeps XNNPACK's packed copy of the weights. jax-js for information.",
  unit: "GFLOP/s",
  value: "rate",
  better: "higher",
  floor: 3,
  cases: (scale) => [
    productCase(scale, { size: [512, 768, 768], form: "NN" }),
    productCase(scale, { size: [512, 768, 3072], form: "NN" }),
    productCase(scale, { size: [512, 768, 768], form: "NN", peer: "jax-product", floor: null }),
  ],
};
