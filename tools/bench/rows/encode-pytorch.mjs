import { encodeSetup } from "./encode-setup.mjs";

/** @type {import("../row.mjs").Row} */
export const encodePytorch = {
  id: "encode-pytorch",
  work: "encoding with a model of MPNet-base's size, against sentence-transformers on PyTorch",
  how: "Texts as in `encode`; `SentenceTransformer(folder).encode(texts)` on the CPU, batches of 32, the same number of threads.",
  unit: "tokens/s",
  value: "rate",
  better: "higher",
  floor: 1.25,
  byHand: true,
  cases: async (scale, { python }) => {
    const { folder, texts, source } = await encodeSetup(scale);
    return [1, 2].map((threads) => ({
      case: `${texts.length} texts of ${source}, ${threads === 1 ? "1 core" : "2 cores"}`,
      ours: { contestant: "kindred-encode", setup: { folder, texts, cores: threads } },
      theirs: {
        contestant: "pytorch_encode",
        setup: { folder, texts, threads },
        ...(python === undefined ? {} : { python }),
      },
      threads,
      rounds: 3,
      tolerance: 1e-5,
    }));
  },
};
