import { lengths512, layerSetup } from "./layer-setup.mjs";
import { productCase } from "./product-case.mjs";

/** @type {import("../row.mjs").Row} */
export const layerEfficiency = {
  id: "layer-efficiency",
  work: "that layer against our own plain product",
  how:
    "Kindred against itself: the arithmetic rate of `layer` (only products are counted: all else it does, and what attention computes twice, is overhead) " +
    "and that of the plain product 512×768×3072.",
  unit: "GFLOP/s",
  value: "rate",
  better: "higher",
  floor: 0.75,
  cases: (scale) => [
    {
      case: "layer against product",
      ours: {
        contestant: "kindred-layer",
        setup: { ...layerSetup(scale, lengths512), repeats: 1 },
      },
      theirs: productCase(scale, { size: [512, 768, 3072], form: "NN" }).ours,
      threads: 1,
    },
  ],
};
