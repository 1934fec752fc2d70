import { embedSentences } from "@kindred/sentence-encoder";
import * as tf from "@tensorflow/tfjs-core";

/**
 * An embedder in this thread over weights that are loaded already.
 *
 * @param {import("@kindred/encoder").EncoderParameters} parameters
 * @param {import("@kindred/sentence-encoder").EmbeddingModel} model
 * @returns {import("@kindred/sentence-encoder").Embedder}
 */
export function embedderOf(parameters, model) {
  return {
    cores: 1,
    embed: async ({ batch }) => {
      const embedded = embedSentences(parameters, batch, model);
      const vectors = /** @type {Float32Array} */ (embedded.dataSync());
      embedded.dispose();
      return vectors;
    },
    close: async () => tf.dispose(Object.values(parameters)),
  };
}
