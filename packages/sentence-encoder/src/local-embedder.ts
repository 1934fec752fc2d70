import type { Float } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import { type EmbeddingSettings, embedSentences, embedTokens, type ModelParameters } from "./embed-sentences.ts";
import { packLinearWeights } from "./pack-linear-weights.ts";
import type { Embedder } from "./sentence-encoder.ts";
import type { TokenBatch } from "./token-batch.ts";

/** An {@link Embedder} that works in this thread, on the backend that is active. It owns `given` and frees it. */
export function localEmbedder(given: ModelParameters, settings: EmbeddingSettings): Embedder {
  const parameters = packLinearWeights(given);
  const oneByOne = (batches: readonly TokenBatch[], run: (batch: TokenBatch) => Float) =>
    batches.map((batch) => {
      const result = tf.tidy(() => run(batch) as tf.Tensor);
      const values = result.dataSync() as Float32Array;
      result.dispose();
      return values;
    });
  return {
    cores: 1,
    embed: async (batches) => oneByOne(batches, (batch) => embedSentences(parameters, batch, settings)),
    hiddenStates: async (batches) => oneByOne(batches, (batch) => embedTokens(parameters, batch, settings)),
    close: async () => tf.dispose(Object.values(parameters)),
  };
}
