// How many of the ten nearest texts an index of fewer bits finds, with vectors of a model:
//
//     node tools/search/recall.mjs --model FOLDER [--texts 50000] [--queries 1000] [--json]
//
// Texts are turns of the self-dialogue corpus if it lies beside the repository, else WordNet's definitions and examples; queries are other texts of it.
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { wasm } from "@kindred/backend-wasm";
import { enableRevectorization } from "@kindred/backend-wasm/node";
import { openIndex, writeIndex } from "@kindred/search/node";
import { loadSentenceEncoder } from "@kindred/sentence-encoder/node";
import { nearestRows } from "@kindred/vectors";
import { realPairs } from "../bench/inputs/real-texts.mjs";
import { underChosenNode } from "../node-runtime.mjs";

const topK = 10;

await underChosenNode();

const { values } = parseArgs({
  options: {
    model: { type: "string", default: "" },
    texts: { type: "string", default: "50000" },
    queries: { type: "string", default: "1000" },
    json: { type: "boolean", default: false },
  },
});
if (values.model === "") throw new Error("recall: --model FOLDER is missing.");
const [textCount, queryCount] = [Number(values.texts), Number(values.queries)];
const { source, pairs } = await realPairs(textCount);
const all = [...new Set(pairs.flat())];
const engine = wasm({ revectorization: enableRevectorization() });
const encoder = await loadSentenceEncoder(values.model, { cores: availableParallelism(), engine });
const encoded = await encoder.encode(all.slice(0, textCount + queryCount));
await encoder.close();
const { dimension } = encoded;
const cut = (encoded.embeddings.length / dimension - queryCount) * dimension;
const corpus = { embeddings: encoded.embeddings.subarray(0, cut), dimension };
const queries = { embeddings: encoded.embeddings.subarray(cut), dimension };
console.error(`${cut / dimension} texts and ${queryCount} queries of ${source}, ${dimension} numbers each`);
const exact = nearestRows(queries, corpus, { count: topK }).map((hits) => hits.map(({ row }) => row));

const root = mkdtempSync(join(tmpdir(), "kindred-recall-"));
try {
  for (const [precision, multiples] of /** @type {const} */ ([
    ["float32", [undefined]],
    ["int8", [1, 2, 4]],
    ["binary", [1, 4, 16, 40]],
  ])) {
    const folder = join(root, precision);
    await writeIndex(folder, [corpus], { precision });
    const index = await openIndex(folder);
    for (const rescore of multiples) {
      const begin = performance.now();
      const found = await index.search(queries, { topK, ...(rescore !== undefined && { rescore }) });
      const milliseconds = (performance.now() - begin) / queryCount;
      const hits = found.map((each, i) => each.filter(({ row }) => exact[i]?.includes(row)).length);
      const recall = hits.reduce((sum, count) => sum + count, 0) / (topK * queryCount);
      const figures = { precision, rescore: rescore ?? null, recall, milliseconds };
      console.log(
        values.json
          ? JSON.stringify(figures)
          : `${precision.padEnd(8)} rescore ${String(rescore ?? "–").padEnd(3)} recall@${topK} ${recall.toFixed(4)}  ${milliseconds.toFixed(2)} ms a query`,
      );
    }
    await index.close();
  }
} finally {
  rmSync(root, { recursive: true });
}
