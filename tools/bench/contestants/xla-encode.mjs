// Kindred's sentence encoder on XLA for CPUs, from texts to vectors.
import { xla } from "@kindred/backend-xla";
import { loadSentenceEncoder } from "@kindred/sentence-encoder/node";
import { cpuPlugin } from "../inputs/cpu-plugin.mjs";
import { strided } from "../strided.mjs";

/**
 * @typedef {object} XlaEncodeSetup
 * @property {string} folder of the model
 * @property {string[]} texts
 * @property {number} threads
 * @property {"float32" | "bfloat16"} products
 */

/** @type {import("../contestant.mjs").Enter<XlaEncodeSetup>} */
export default async function enter({ folder, texts, threads, products }) {
  const engine = xla({ plugin: cpuPlugin(threads), products, cacheFolder: false });
  const encoder = await loadSentenceEncoder(folder, { engine });
  const tokens = encoder.tokenizer.encodeBatch(texts, { maxLength: encoder.settings.maxSeqLength }).ids.length;
  /** @type {Float32Array} */
  let embeddings = new Float32Array();
  const encode = async () => {
    embeddings = (await encoder.encode(texts)).embeddings;
    return tokens;
  };
  await encode(); // compiles every program that these texts need
  return {
    name: `XLA, ${products}`,
    measure: encode,
    sample: () => strided([embeddings], 2000),
    close: () => encoder.close(),
  };
}
