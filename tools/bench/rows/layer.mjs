import { lengths512, layerSetup } from "./layer-setup.mjs";

/** @type {import("../row.mjs").Row} */
export const layer = {
  id: "layer",
  work: "one layer of MPNet-base, 512 tokens, forward and backward",
  how:
    "The seven sentences of `attention` through a layer of width 768 and 3,072; the result and the gradients by input, position bias and all 16 weights " +
    "are read. tfjs as in `attention`, with weights stored the way its plain product is fast. jax-js, jitted, for information.",
  unit: "GFLOP/s",
  value: "rate",
  better: "higher",
  floor: 20,
  cases: (scale) => {
    const setup = layerSetup(scale, lengths512);
    const ours = { contestant: "kindred-layer", setup: { ...setup, repeats: scale === "quick" ? 1 : 2 } };
    const peer = (/** @type {string} */ contestant) => ({ contestant, setup: { ...setup, repeats: 1 } });
    const common = {
      ours,
      threads: 1,
      rounds: 3,
      // Gradients have entries up to about 30 (sums over 512 tokens); a wrong one is off by as much.
      tolerance: 5e-3,
    };
    return [
      { ...common, case: "512 tokens", theirs: peer("tfjs-layer") },
      { ...common, case: "512 tokens, jax-js", theirs: peer("jax-layer"), floor: null },
    ];
  },
};
