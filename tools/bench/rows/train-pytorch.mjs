import { trainSetup } from "./train-setup.mjs";

/** @type {import("../row.mjs").Row} */
export const trainPytorch = {
  id: "train-pytorch",
  work: "a training step with a model of MPNet-base's size, against sentence-transformers on PyTorch",
  how:
    "16 real pairs, others in each of four steps, forward, backward, clipping and AdamW, dropout on; MultipleNegativesRankingLoss and torch.optim.AdamW on the CPU with the same number of " +
    "threads.",
  unit: "pairs/s",
  value: "rate",
  better: "higher",
  floor: 2.5,
  byHand: true,
  cases: async (scale, { python }) => {
    const { source, ...setup } = await trainSetup(scale, 16, 4);
    return [1, 2].map((threads) => ({
      case: `${setup.pairs} pairs of ${source}, ${threads === 1 ? "1 core" : "2 cores"}`,
      ours: { contestant: "kindred-train", setup: { ...setup, cores: threads } },
      theirs: {
        contestant: "pytorch_train",
        setup: { ...setup, threads },
        ...(python === undefined ? {} : { python }),
      },
      threads,
      rounds: 4,
    }));
  },
};
