// The same model in onnxruntime, from texts to vectors: sorted by length and padded to the longest of each batch, as
// sentence-transformers does. Tokens come from Kindred's tokenizer.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { relativeBucket } from "@kindred/mpnet";
import { tokenizerFromJson } from "@kindred/tokenizer";
import { writeOnnxModel } from "../inputs/onnx-model.mjs";
import { loadPeer, peerName } from "../peers/load.mjs";
import { strided } from "../strided.mjs";

/**
 * @typedef {object} OnnxSetup
 * @property {"onnxruntime-web" | "onnxruntime-node"} runtime
 * @property {string} folder of the model, which gets its graph
 * @property {string[]} texts
 * @property {number} threads
 * @property {number} batchSize sentences of a batch
 * @property {string} [graph] file of the graph with 8-bit products in the folder, where that is to run
 */

/** @type {import("../contestant.mjs").Enter<OnnxSetup>} */
export default async function enter({ runtime, folder, texts, threads, batchSize, graph }) {
  const ort = await loadPeer(runtime);
  await writeOnnxModel(folder);
  if (runtime === "onnxruntime-web") ort.env.wasm.numThreads = threads;
  const session = await openSession(ort, { runtime, folder, threads, graph });
  const tokenizer = tokenizerFromJson(readFileSync(join(folder, "tokenizer.json"), "utf8"));
  const config = JSON.parse(readFileSync(join(folder, "config.json"), "utf8"));
  const { hidden_size: hidden } = config;
  const embeddings = new Float32Array(texts.length * hidden);
  return {
    name: `${peerName(runtime)}${graph === undefined ? "" : ", int8"}`,
    measure: async () => {
      const { ids, starts } = tokenizer.encodeBatch(texts, { maxLength: 128 });
      const sentences = texts.map((_, i) => ids.subarray(starts[i], starts[i + 1]));
      const order = [...sentences.keys()].sort((a, b) => lengthOf(sentences[b]) - lengthOf(sentences[a]));
      for (let first = 0; first < order.length; first += batchSize) {
        const indices = order.slice(first, first + batchSize);
        const batch = indices.map((i) => sentences[i] ?? new Int32Array());
        const { pooled } = await session.run(feeds(ort, batch, config));
        indices.forEach((sentence, row) => {
          const vector = pooled.data.subarray(row * hidden, (row + 1) * hidden);
          const norm = Math.hypot(...vector);
          for (let i = 0; i < hidden; i++) embeddings[sentence * hidden + i] = vector[i] / norm;
        });
      }
      return ids.length;
    },
    sample: () => strided([embeddings], 2000),
  };
}

/**
 * @param {any} ort
 * @param {{ runtime: string, folder: string, threads: number, graph: string | undefined }} options
 */
function openSession(ort, { runtime, folder, threads, graph }) {
  const options = {
    graphOptimizationLevel: "all",
    executionMode: "sequential",
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
  };
  if (runtime === "onnxruntime-node") return ort.InferenceSession.create(join(folder, graph ?? "model.onnx"), options);
  const externalData = [{ path: "weights.bin", data: new Uint8Array(readFileSync(join(folder, "weights.bin"))) }];
  return ort.InferenceSession.create(new Uint8Array(readFileSync(join(folder, "model.onnx"))), {
    ...options,
    externalData,
  });
}

/**
 * The graph's inputs for a batch of sentences.
 *
 * @param {any} ort
 * @param {readonly Int32Array[]} batch
 * @param {{ model_type: string, pad_token_id: number }} config
 */
function feeds(ort, batch, { model_type: type, pad_token_id: padding }) {
  const seq = Math.max(...batch.map(lengthOf));
  const cells = batch.length * seq;
  const [ids, positions] = [
    new BigInt64Array(cells).fill(BigInt(padding)),
    new BigInt64Array(cells).fill(BigInt(padding)),
  ];
  const firstPosition = type === "mpnet" ? padding + 1 : 0;
  const [mask, pooling] = [new Float32Array(cells).fill(-1e9), new Float32Array(cells)];
  batch.forEach((sentence, row) => {
    sentence.forEach((id, i) => {
      ids[row * seq + i] = BigInt(id);
      positions[row * seq + i] = BigInt(firstPosition + i);
      mask[row * seq + i] = 0;
      pooling[row * seq + i] = 1 / sentence.length;
    });
  });
  return {
    input_ids: new ort.Tensor("int64", ids, [batch.length, seq]),
    position_ids: new ort.Tensor("int64", positions, [batch.length, seq]),
    mask: new ort.Tensor("float32", mask, [batch.length, 1, 1, seq]),
    pooling: new ort.Tensor("float32", pooling, [batch.length, 1, seq]),
    ...(type === "mpnet" ? { buckets: new ort.Tensor("int64", buckets(seq), [seq, seq]) } : {}),
  };
}

/** MPNet's bucket of each distance from a query to a key. @param {number} seq */
function buckets(seq) {
  const table = new BigInt64Array(seq * seq);
  for (let query = 0; query < seq; query++) {
    for (let key = 0; key < seq; key++) table[query * seq + key] = BigInt(relativeBucket(key - query));
  }
  return table;
}

/** @param {Int32Array | undefined} sentence */
function lengthOf(sentence) {
  return sentence?.length ?? 0;
}
