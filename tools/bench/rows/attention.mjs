import { lengths512, layerSetup } from "./layer-setup.mjs";

/** @type {import("../row.mjs").Row} */
export const attention = {
  id: "attention",
  work: "attention, forward and backward",
  how:
    "12 heads of 64 over sentences of 128, 112, 96, 80, 48, 32 and 16 tokens with MPNet's position bias; the result and the gradients by q, k, v and " +
    "bias are read. tfjs runs its own ops and gradients sentence by sentence, without padding, and is spared the sum of the bias gradient by distance, " +
    "for which it has no kernel. The arithmetic counted is that of six products a sentence, whatever is computed twice.",
  unit: "GFLOP/s",
  value: "rate",
  better: "higher",
  floor: 8,
  cases: (scale) => {
    const setup = layerSetup(scale, lengths512);
    const repeats = scale === "quick" ? 1 : 8;
    return [
      {
        case: "12 heads of 64, 16…128 tokens",
        ours: { contestant: "kindred-attention", setup: { ...setup, repeats } },
        theirs: { contestant: "tfjs-attention", setup: { ...setup, repeats: 1 } },
        threads: 1,
        // Entries of the gradients are up to about 10; a missing bias or scale moves them by 1e-1.
        tolerance: 1e-3,
      },
    ];
  },
};
