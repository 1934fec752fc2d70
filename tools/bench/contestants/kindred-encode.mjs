// Kindred's sentence encoder, from texts to vectors.
import { wasm } from "@kindred/backend-wasm";
import { enableRevectorization } from "@kindred/backend-wasm/node";
import { loadSentenceEncoder } from "@kindred/sentence-encoder/node";
import { strided } from "../strided.mjs";

/**
 * @typedef {object} EncodeSetup
 * @property {string} folder of the model
 * @property {string[]} texts
 * @property {number} cores 0: in the thread that asks
 * @property {"float32" | "bfloat16" | "int8"} [weights] default float32
 */

/** @type {import("../contestant.mjs").Enter<EncodeSetup>} */
export default async function enter({ folder, texts, cores, weights = "float32" }) {
  const encoder = await loadSentenceEncoder(folder, {
    cores,
    weights,
    engine: wasm({ revectorization: enableRevectorization() }), // as the command does
  });
  const tokens = encoder.tokenizer.encodeBatch(texts, { maxLength: encoder.settings.maxSeqLength }).ids.length;
  /** @type {Float32Array} */
  let embeddings = new Float32Array();
  return {
    name: weights === "float32" ? "Kindred" : `Kindred, ${weights}`,
    measure: async () => {
      embeddings = (await encoder.encode(texts)).embeddings;
      return tokens;
    },
    sample: () => strided([embeddings], 2000),
    close: () => encoder.close(),
  };
}
