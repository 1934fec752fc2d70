import type { EncoderParameters } from "@kindred/encoder";
import { packWeight } from "@kindred/nn";
import type { Engine, Float } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import { embedSentences, embedTokens } from "./embed-sentences.ts";
import type { Embedder } from "./sentence-encoder.ts";
import { type EmbeddingModel, modelSpecs } from "./sentence-model.ts";
import type { TokenBatch } from "./token-batch.ts";

/** An {@link Embedder} that works in this thread, on an engine that it starts, with the parameters that `load` makes there. */
export async function localEmbedder(
  engine: Engine,
  load: () => Promise<EncoderParameters>,
  model: EmbeddingModel,
): Promise<Embedder> {
  const { read, stop } = await engine.start();
  const parameters = await load()
    .then((loaded) => packMatrices(loaded, model))
    .catch((error: unknown) => {
      stop();
      throw error;
    });
  const oneByOne = async (batches: readonly TokenBatch[], run: (batch: TokenBatch) => Float) => {
    const results: Float32Array[] = [];
    for (const batch of batches) {
      const result = run(batch);
      const values = new Float32Array(result.size);
      await read(result, values);
      result.dispose();
      results.push(values);
    }
    return results;
  };
  return {
    cores: 1,
    embed: (batches) => oneByOne(batches, (batch) => embedSentences(parameters, batch, model)),
    hiddenStates: (batches) => oneByOne(batches, (batch) => embedTokens(parameters, batch, model)),
    close: async () => {
      tf.dispose(Object.values(parameters));
      stop();
    },
  };
}

/**
 * A model's parameters with its matrices as the backend multiplies by them: for embedding only. It owns `parameters`: those that it
 * replaces are freed, one after another, and all if it throws.
 *
 * @throws OutOfMemoryError when there is no room for one more weight
 */
export function packMatrices(parameters: EncoderParameters, model: EmbeddingModel): EncoderParameters {
  const packed: { [name: string]: Float } = { ...parameters };
  try {
    for (const { name, kind } of modelSpecs(model)) {
      const parameter = packed[name];
      if (kind !== "matrix" || parameter === undefined) continue;
      packed[name] = tf.keep(packWeight(parameter));
      parameter.dispose();
    }
    return packed;
  } catch (error) {
    tf.dispose(Object.values(packed));
    throw error;
  }
}
