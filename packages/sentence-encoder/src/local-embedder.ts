import type { Engine, Float } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import { type EmbeddingSettings, embedSentences, embedTokens, type ModelParameters } from "./embed-sentences.ts";
import { packLinearWeights } from "./pack-linear-weights.ts";
import type { Embedder } from "./sentence-encoder.ts";
import type { TokenBatch } from "./token-batch.ts";

/** An {@link Embedder} that works in this thread, on an engine that it starts, with the weights that `load` makes there. */
export async function localEmbedder(
  engine: Engine,
  load: () => Promise<ModelParameters>,
  settings: EmbeddingSettings,
): Promise<Embedder> {
  const { read, stop } = await engine.start();
  const parameters = await packed(load, stop);
  const oneByOne = async (batches: readonly TokenBatch[], run: (batch: TokenBatch) => Float) => {
    const results: Float32Array[] = [];
    for (const batch of batches) {
      const result = tf.tidy(() => run(batch) as tf.Tensor);
      const values = new Float32Array(result.size);
      await read(result, values);
      result.dispose();
      results.push(values);
    }
    return results;
  };
  return {
    cores: 1,
    embed: (batches) => oneByOne(batches, (batch) => embedSentences(parameters, batch, settings)),
    hiddenStates: (batches) => oneByOne(batches, (batch) => embedTokens(parameters, batch, settings)),
    close: async () => {
      tf.dispose(Object.values(parameters));
      stop();
    },
  };
}

async function packed(load: () => Promise<ModelParameters>, stop: () => void): Promise<ModelParameters> {
  try {
    return packLinearWeights(await load());
  } catch (error) {
    stop();
    throw error;
  }
}
