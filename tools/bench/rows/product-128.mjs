import { productCase } from "./product-case.mjs";

/** @type {import("../row.mjs").Row} */
export const product128 = {
  id: "product-128",
  work: "matrix product, 128 bits",
  how: "As `product`, with Kindred's 128-bit kernels in a process without V8's 256-bit flag, as a library user's is.",
  unit: "GFLOP/s",
  value: "rate",
  better: "higher",
  floor: 1.7,
  cases: (scale) => {
    const relaxed = Number(process.versions.node.split(".")[0]) >= 22;
    const variant = relaxed ? "relaxed" : "simd";
    return [
      productCase(scale, { size: [512, 768, 768], form: "NN", variant }),
      productCase(scale, { size: [512, 768, 3072], form: "NN", variant }),
    ];
  },
};
