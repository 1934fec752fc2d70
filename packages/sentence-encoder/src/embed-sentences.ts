import type { Key } from "@kindred/random";
import { mpnet } from "@kindred/mpnet";
import { l2Normalize } from "@kindred/nn";
import { pool } from "@kindred/pooling";
import { type Float, packedLayout } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import type { ModelSettings } from "./model-settings.ts";
import type { TokenBatch } from "./token-batch.ts";

/** Weights by their Hugging Face names, as tensors. */
export type ModelParameters = { readonly [name: string]: Float };

/** What of a model's settings decides the vector of a sentence. */
export type EmbeddingSettings = Pick<ModelSettings, "config" | "pooling" | "normalize">;

/**
 * The vectors of a batch of sentences, `"batch hidden"`: MPNet, pooling, and L2 normalisation if the model has it.
 * Differentiable; with `dropout`, a key, as in training, where `rows` numbers the sentences in the global batch.
 */
export function embedSentences(
  parameters: ModelParameters,
  { ids, starts }: TokenBatch,
  options: EmbeddingSettings & { readonly dropout?: Key; readonly rows?: Int32Array },
): Float<"batch hidden"> {
  const { config, pooling, normalize, dropout, rows } = options;
  const layout = packedLayout(starts, rows === undefined ? {} : { rows });
  return tf.tidy(() => {
    const hiddenStates = mpnet(parameters, ids, { config, layout, ...(dropout === undefined ? {} : { dropout }) });
    const pooled = pool(hiddenStates, { layout, mode: pooling.modes });
    return normalize ? l2Normalize(pooled) : pooled;
  });
}
