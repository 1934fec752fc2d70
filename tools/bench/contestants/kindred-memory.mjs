// How large tfjs-wasm's heap becomes in a grad-cache step: the loss of all pairs, and chunks run forward and back.
import { contrastive } from "@kindred/contrastive-loss";
import { initialParameters } from "@kindred/encoder";
import { gradCache } from "@kindred/grad-cache";
import { lossShare } from "@kindred/loss";
import { mpnet } from "@kindred/mpnet";
import { childKey, integerAt, keyFromSeed, normal } from "@kindred/random";
import { embedSentences } from "@kindred/sentence-encoder";
import { asWasmBackend, toFloat32Array, valueAndGradients } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import { startKindred } from "../start-kindred.mjs";

/**
 * @typedef {object} MemorySetup
 * @property {{ hidden_size: number, num_hidden_layers: number, num_attention_heads: number, intermediate_size: number, vocab_size: number }} model
 * @property {number} pairs
 * @property {number} tokens of a text
 * @property {number} chunk sentences run at once
 * @property {boolean} whole all chunks instead of three
 */

/** @typedef {{ batch: { ids: Int32Array, starts: Int32Array }, rows: Int32Array }} Chunk */

const key = keyFromSeed("memory");

/** @type {import("../contestant.mjs").Enter<MemorySetup>} */
export default async function enter(setup) {
  const name = await startKindred();
  const encoder = mpnet.open(setup.model, { file: "config.json" });
  const { hidden, vocabulary } = encoder.sizes;
  /** @type {Record<string, tf.Tensor>} */
  const parameters = {};
  /** @type {Record<string, Float32Array>} */
  const gradients = {};
  for (const [weight, { values, shape }] of Object.entries(initialParameters(encoder.specs, key))) {
    parameters[weight] = tf.tensor(values, [...shape]);
    gradients[weight] = new Float32Array(values.length);
  }
  const modules = /** @type {const} */ ([
    { kind: "Pooling", dimension: hidden, modes: ["mean"] },
    { kind: "Normalize" },
  ]);
  const embed = (/** @type {Chunk} */ { batch, rows }, /** @type {number} */ column) =>
    embedSentences(parameters, batch, { encoder, modules, rows, dropout: childKey(key, column) });
  // As in the trainer: each gradient leaves the heap when it is final.
  const onGradient = (/** @type {string} */ weight, /** @type {tf.Tensor} */ gradient) => {
    const sum = gradients[weight] ?? new Float32Array();
    const part = toFloat32Array(gradient);
    for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] ?? 0) + (part[i] ?? 0);
  };
  const columns = [0, 1].map((column) => chunksOf(setup, vocabulary, column));
  const allPairs = contrastive({ equalTexts: "keep" });
  const loss = (/** @type {readonly tf.Tensor[]} */ embeddings) => lossShare(allPairs, /** @type {any} */ (embeddings));
  return {
    name,
    measure: () => {
      if (setup.whole) {
        const { value, drift } = gradCache({
          columns,
          embed: /** @type {any} */ (embed),
          loss,
          parameters,
          onGradient: /** @type {any} */ (onGradient),
        });
        tf.dispose([value, drift]);
      } else {
        const [queries = [], answers = []] = columns;
        const three = [queries[0], answers[0], queries[1]].filter((chunk) => chunk !== undefined);
        stepOfThree(three, { setup, hidden, loss, embed, parameters, onGradient });
      }
      return heapBytes() / 2 ** 30;
    },
  };
}

/**
 * The loss of all pairs and its gradient by their embeddings, for which random ones stand in, and a few chunks run forward and back from
 * there: what takes memory in a whole step, without its hour.
 *
 * @param {readonly Chunk[]} chunks
 * @param {any} step
 */
function stepOfThree(chunks, { setup, hidden, loss, embed, parameters, onGradient }) {
  const embeddings = Object.fromEntries(
    ["queries", "answers"].map((column) => [
      column,
      tf.tensor2d(normal(childKey(key, column), setup.pairs * hidden, {}), [setup.pairs, hidden]),
    ]),
  );
  const cache = valueAndGradients(() => loss([embeddings["queries"], embeddings["answers"]]), embeddings);
  for (const chunk of chunks) {
    const upstream = tf.slice(
      /** @type {tf.Tensor2D} */ (cache.gradients["queries"]),
      [0, 0],
      [chunk.rows.length, hidden],
    );
    const { value } = valueAndGradients(() => embed(chunk, 0), parameters, { upstream, onGradient });
    tf.dispose([value, upstream]);
  }
  tf.dispose([embeddings, cache.value, cache.gradients].map((part) => /** @type {any} */ (part)));
}

/**
 * A column of texts of random tokens, all of one length, in chunks.
 *
 * @param {MemorySetup} setup
 * @param {number} vocabulary
 * @param {number} column
 * @returns {Chunk[]}
 */
function chunksOf({ pairs, tokens, chunk }, vocabulary, column) {
  const ofColumn = childKey(key, "ids", column);
  return Array.from({ length: Math.ceil(pairs / chunk) }, (_, c) => {
    const rows = Int32Array.from({ length: Math.min(chunk, pairs - c * chunk) }, (_, i) => c * chunk + i);
    const ids = Int32Array.from({ length: rows.length * tokens }, (_, i) => {
      return 4 + integerAt(ofColumn, c * chunk * tokens + i, vocabulary - 4);
    });
    return { batch: { ids, starts: Int32Array.from({ length: rows.length + 1 }, (_, i) => i * tokens) }, rows };
  });
}

/** The heap's size, which never shrinks: its high-water mark. */
function heapBytes() {
  const module = asWasmBackend(tf.backend())?.wasm;
  const memory = module?.wasmMemory ?? module?.asm?.memory;
  if (memory === undefined) throw new Error("kindred-memory: the backend has no WebAssembly memory.");
  return memory.buffer.byteLength;
}
