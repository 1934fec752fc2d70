import { modelFolder } from "../inputs/model-folder.mjs";

/** @type {import("../row.mjs").Row} */
export const coldStart = {
  id: "cold-start",
  work: "kindred-encode of one sentence with a small model, the whole process",
  how: "`kindred-encode --model <folder> \"A cat sat on the mat.\"` from start to exit, with a model of the quickstart's size and MPNet's vocabulary (17 MB).",
  unit: "s",
  value: "seconds",
  better: "lower",
  floor: 1,
  cases: async (scale) => [
    {
      case: "one sentence",
      ours: {
        contestant: "kindred-cold-start",
        setup: { folder: await modelFolder(scale === "quick" ? "tiny" : "quickstart") },
      },
      theirs: { limit: 1, name: "1.0 s" },
      threads: 1,
    },
  ],
};
