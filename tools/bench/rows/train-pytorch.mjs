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
  bound:
    "on one core. A step of Kindred's (some 470 tokens; the figures of `--profile`) takes 2.68 s: 2.40 s of products, 240 GFLOP at 100 GFLOP/s, 0.12 s in " +
    "other kernels, a third of it dropout, and 0.16 s of AdamW and of passing gradients and weights on. The core's peak is 115 GFLOP/s (a loop of nothing but 256-bit " +
    "multiply-adds, in C), and PyTorch's product has 96 of them (`product-pytorch`), where the floor was set on a machine on which it had 70 to 75. So what can be " +
    "won here is padding, 1.88 tokens of PyTorch's to one of ours, and what PyTorch does beside its products. For 2.5, a step would have to take 2.45 s: products " +
    "at 110 GFLOP/s, 96 % of the peak, all else as it is.",
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
