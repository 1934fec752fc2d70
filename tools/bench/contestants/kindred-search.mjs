// The ten nearest rows of an index in memory to one query, by `openIndex(folder).search`.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openIndex, writeIndex } from "@kindred/search/node";
import { noise } from "../inputs/noise.mjs";

/** @type {import("../contestant.mjs").Enter<{ rows: number, dimension: number, precision: import("@kindred/search/node").IndexPrecision }>} */
export default async function enter({ rows, dimension, precision }) {
  const folder = mkdtempSync(join(tmpdir(), "kindred-bench-search-"));
  const batchRows = 10_000;
  const batches = function* () {
    for (let row = 0; row < rows; row += batchRows)
      yield { embeddings: noise(Math.min(batchRows, rows - row) * dimension, row + 1), dimension };
  };
  await writeIndex(join(folder, "index"), batches(), { precision });
  const index = await openIndex(join(folder, "index"));
  await index.search({ embeddings: noise(dimension, 0), dimension }); // brings the rows into memory
  return {
    name: "Kindred",
    measure: async (round) => {
      await index.search({ embeddings: noise(dimension, -1 - round), dimension });
      return (4 * rows * dimension) / 1e9;
    },
    close: async () => {
      await index.close();
      rmSync(folder, { recursive: true });
    },
  };
}
