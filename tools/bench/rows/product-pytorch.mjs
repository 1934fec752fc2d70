import { productCase } from "./product-case.mjs";

/** @type {import("../row.mjs").Row} */
export const productPytorch = {
  id: "product-pytorch",
  work: "the product of a linear layer, against PyTorch",
  how:
    "`x·Wᵀ` as in `product-transposed`, against `torch.nn.functional.linear` on one thread. For information: where both are at the machine's limit, what is " +
    "left to win in `encode-pytorch` and `train-pytorch` is padding.",
  unit: "GFLOP/s",
  value: "rate",
  better: "higher",
  floor: 1,
  byHand: true,
  cases: (scale, { python }) =>
    [768, 3072].map((columns) => {
      const comparison = productCase(scale, {
        size: [512, 768, columns],
        form: "NT",
        peer: "pytorch_product",
        floor: null,
      });
      const { contestant, setup } = /** @type {import("../row.mjs").Side} */ (comparison.theirs);
      const repeats = /** @type {{ repeats: number }} */ (comparison.ours.setup);
      const theirs = { contestant, setup: { ...setup, ...repeats, threads: 1 } };
      const { tolerance: _, ...rest } = comparison; // other random numbers
      return {
        ...rest,
        case: `x·Wᵀ, 512×768×${columns}`,
        theirs: { ...theirs, ...(python === undefined ? {} : { python }) },
      };
    }),
};
