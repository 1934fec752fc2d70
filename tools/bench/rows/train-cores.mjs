import { trainSetup } from "./train-setup.mjs";

/** @type {import("../row.mjs").Row} */
export const trainCores = {
  id: "train-cores",
  work: "training on two cores against one",
  how:
    "Kindred against itself: steps of the trainer (forward, backward, exchange of gradients, clipping, AdamW) with a model of MPNet-base's size on 64 real " +
    "pairs, dropout on.",
  unit: "pairs/s",
  value: "rate",
  better: "higher",
  floor: 1.8,
  cases: async (scale) => {
    const { source, ...setup } = await trainSetup(scale, 64);
    return [
      {
        case: `${setup.pairs} pairs of ${source}`,
        ours: { contestant: "kindred-train", setup: { ...setup, cores: 2 } },
        theirs: { contestant: "kindred-train", setup: { ...setup, cores: 1 } },
        threads: 2,
        rounds: 3,
      },
    ];
  },
};
