import { encodeSetup } from "./encode-setup.mjs";

/** @type {import("../row.mjs").Row} */
export const encodeCores = {
  id: "encode-cores",
  work: "encoding on two cores against one",
  how: "Kindred against itself: `loadSentenceEncoder(folder, { cores })`, worker threads that share one copy of the weights, on texts as in `encode`.",
  unit: "tokens/s",
  value: "rate",
  better: "higher",
  floor: 1.8,
  cases: async (scale) => {
    const { folder, texts, source } = await encodeSetup(scale, 512);
    return [
      {
        case: `${texts.length} texts of ${source}`,
        ours: { contestant: "kindred-encode", setup: { folder, texts, cores: 2 } },
        theirs: { contestant: "kindred-encode", setup: { folder, texts, cores: 1 } },
        threads: 2,
        rounds: 3,
        tolerance: 1e-5,
      },
    ];
  },
};
