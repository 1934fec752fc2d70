import { mpnet } from "@kindred/mpnet";
import { l2Normalize } from "@kindred/nn";
import { pool } from "@kindred/pooling";
import type { Key } from "@kindred/random";
import { type Float, packedLayout } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import { dense as denseLayer } from "./dense.ts";
import type { ModelSettings } from "./model-settings.ts";
import { poolAfterPrompt } from "./pool-after-prompt.ts";
import type { TokenBatch } from "./token-batch.ts";

/** Weights by their Hugging Face names, as tensors; those of dense layers with their folder in front. */
export type ModelParameters = { readonly [name: string]: Float };

/** What of a model's settings decides the vector of a sentence. */
export type EmbeddingSettings = Pick<ModelSettings, "config" | "pooling" | "normalize"> &
  Partial<Pick<ModelSettings, "dense">>;

/**
 * The vectors of a batch of sentences, `"batch hidden"`: MPNet, pooling, dense layers and L2 normalisation as the model has them.
 * Differentiable; with `dropout`, a key, as in training, where `rows` numbers the sentences in the global batch.
 */
export function embedSentences(
  parameters: ModelParameters,
  batch: TokenBatch,
  options: EmbeddingSettings & { readonly dropout?: Key; readonly rows?: Int32Array },
): Float<"batch hidden"> {
  const { pooling, normalize, dense = [] } = options;
  const { starts, promptLength = 0 } = batch;
  return tf.tidy(() => {
    const hiddenStates = embedTokens(parameters, batch, options);
    const pooled =
      promptLength > 0
        ? poolAfterPrompt(hiddenStates, { starts, promptLength, modes: pooling.modes })
        : pool(hiddenStates, { layout: packedLayout(starts), mode: pooling.modes });
    const projected = dense.reduce((x, layer) => denseLayer(parameters, x, layer), pooled as Float<"batch hidden">);
    return normalize ? l2Normalize(projected) : projected;
  });
}

/** The vector of every token of a batch, `"tokens hidden"`: the last hidden states, before any pooling. */
export function embedTokens(
  parameters: ModelParameters,
  { ids, starts }: TokenBatch,
  { config, dropout, rows }: Pick<EmbeddingSettings, "config"> & { readonly dropout?: Key; readonly rows?: Int32Array },
): Float<"tokens hidden"> {
  const layout = packedLayout(starts, rows === undefined ? {} : { rows });
  return mpnet(parameters, ids, { config, layout, ...(dropout === undefined ? {} : { dropout }) });
}
