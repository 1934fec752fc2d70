// transformers.js with its 8-bit form of a model (`q8`), from texts to vectors, in batches sorted by length as sentence-transformers does.
import { basename, dirname } from "node:path";
import { loadPeer, peerName } from "../peers/load.mjs";
import { strided } from "../strided.mjs";

/** @typedef {{ folder: string, texts: string[], threads: number, batchSize: number }} TransformersSetup */

/** @type {import("../contestant.mjs").Enter<TransformersSetup>} */
export default async function enter({ folder, texts, threads, batchSize }) {
  const { env, pipeline } = await loadPeer("@huggingface/transformers");
  Object.assign(env, { localModelPath: dirname(folder), allowRemoteModels: false });
  const extract = await pipeline("feature-extraction", basename(folder), {
    dtype: "q8",
    device: "cpu",
    session_options: { intraOpNumThreads: threads, interOpNumThreads: 1 },
  });
  const tokens = texts.reduce((sum, text) => sum + extract.tokenizer.encode(text).length, 0);
  const order = [...texts.keys()].sort((a, b) => (texts[b]?.length ?? 0) - (texts[a]?.length ?? 0));
  let embeddings = new Float32Array();
  return {
    name: `${peerName("@huggingface/transformers")}, q8`,
    measure: async () => {
      for (let first = 0; first < order.length; first += batchSize) {
        const indices = order.slice(first, first + batchSize);
        const batch = indices.map((i) => texts[i]);
        const { data, dims } = await extract(batch, { pooling: "mean", normalize: true });
        const [, dimension] = dims;
        if (embeddings.length === 0) embeddings = new Float32Array(texts.length * dimension);
        indices.forEach((i, row) => {
          embeddings.set(data.subarray(row * dimension, (row + 1) * dimension), i * dimension);
        });
      }
      return tokens;
    },
    sample: () => strided([embeddings], 2000),
    close: () => extract.dispose(),
  };
}
