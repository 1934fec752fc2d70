import type { Float } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import { type EmbeddingSettings, embedSentences, type ModelParameters } from "./embed-sentences.ts";
import type { Embedder } from "./sentence-encoder.ts";

/** An {@link Embedder} that works in this thread, on the backend that is active. It owns `parameters` and frees them. */
export function localEmbedder(parameters: ModelParameters, settings: EmbeddingSettings): Embedder {
  return {
    cores: 1,
    embed: async (batches) => {
      const vectors: Float32Array[] = [];
      for (const batch of batches) {
        const embedded: Float<"batch hidden"> = embedSentences(parameters, batch, settings);
        vectors.push(embedded.dataSync() as Float32Array);
        embedded.dispose();
      }
      return vectors;
    },
    close: async () => tf.dispose(Object.values(parameters)),
  };
}
