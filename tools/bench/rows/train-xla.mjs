import { trainSetup } from "./train-setup.mjs";
import { xlaCases } from "./xla-cases.mjs";

/** @type {import("../row.mjs").Row} */
export const trainXla = {
  id: "train-xla",
  work: "a training step with a model of MPNet-base's size, on XLA for CPUs",
  how:
    "16 real pairs, others in each of four steps, as in `train-pytorch`. Kindred's trainer on XLA, one device of so many threads, memory taken as the command asks glibc to, in float32 and with bfloat16 products, against " +
    "Kindred's own kernels on as many cores; with `--python` against sentence-transformers in float32 and, for information, under `torch.autocast` in bfloat16. Every program is compiled before " +
    "anything is timed.",
  unit: "pairs/s",
  value: "rate",
  better: "higher",
  floor: 0.85,
  cases: async (scale, { python }) => {
    const batches = 4;
    const { source, ...setup } = await trainSetup(scale, 16, batches);
    return xlaCases({
      work: `${setup.pairs} pairs of ${source}`,
      ours: (threads, products) => ({ contestant: "xla-train", setup: { ...setup, batches, threads, products } }),
      kernels: (threads) => ({ contestant: "kindred-train", setup: { ...setup, cores: threads } }),
      pytorch: (threads, autocast) =>
        python === undefined
          ? undefined
          : { contestant: "pytorch_train", setup: { ...setup, threads, autocast }, python },
      floors: { float32: 0.85, bfloat16: [1.4, 1.4], pytorch: 2 },
      rounds: 4,
    });
  },
};
