import { mpnet } from "@kindred/mpnet";
import { l2Normalize } from "@kindred/nn";
import { pool } from "@kindred/pooling";
import type { Key } from "@kindred/random";
import { type Float, packed } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import { dense as denseLayer } from "./dense.ts";
import type { ModelSettings } from "./model-settings.ts";
import { poolAfterPrompt } from "./pool-after-prompt.ts";
import { sentenceLengths, type TokenBatch } from "./token-batch.ts";

/** Weights by their Hugging Face names, as tensors; those of dense layers with their folder in front. */
export type ModelParameters = { readonly [name: string]: Float };

/** What of a model's settings decides the vector of a sentence. */
export type EmbeddingSettings = Pick<ModelSettings, "config" | "pooling" | "normalize"> &
  Partial<Pick<ModelSettings, "dense">>;

/**
 * The vectors of a batch of sentences, `"batch hidden"`: MPNet, pooling, dense layers and L2 normalisation as the model has them.
 * Differentiable; with `dropout`, a key, as in training, where `rows` numbers the sentences in the global batch.
 *
 * @example
 * ```ts
 * import { wasm } from "@kindred/backend-wasm";
 * import { initialParameters, mpnetConfig } from "@kindred/mpnet";
 * import { poolingFromConfig } from "@kindred/pooling";
 * import { keyFromSeed } from "@kindred/random";
 * import { embedSentences } from "@kindred/sentence-encoder";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await wasm().start();
 * const config = mpnetConfig({ model_type: "mpnet", vocab_size: 50, hidden_size: 8, num_attention_heads: 2, num_hidden_layers: 1 });
 * const weights = Object.entries(initialParameters(config, keyFromSeed(1)));
 * const parameters = Object.fromEntries(weights.map(([name, { values, shape }]) => [name, tf.tensor(values, [...shape])]));
 * const pooling = poolingFromConfig({ word_embedding_dimension: 8, pooling_mode_mean_tokens: true });
 * const batch = { ids: Int32Array.of(0, 9, 2, 0, 2), starts: Int32Array.of(0, 3, 5) };
 * embedSentences(parameters, batch, { config, pooling, normalize: true }).shape; // => [2, 8]
 * ```
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
        : pool(hiddenStates, { layout: packed(sentenceLengths(batch)), mode: pooling.modes });
    const projected = dense.reduce((x, layer) => denseLayer(parameters, x, layer), pooled as Float<"batch hidden">);
    return normalize ? l2Normalize(projected) : projected;
  });
}

/**
 * The vector of every token of a batch, `"tokens hidden"`: the last hidden states, before any pooling.
 *
 * @example
 * ```ts
 * import { wasm } from "@kindred/backend-wasm";
 * import { initialParameters, mpnetConfig } from "@kindred/mpnet";
 * import { keyFromSeed } from "@kindred/random";
 * import { embedTokens } from "@kindred/sentence-encoder";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await wasm().start();
 * const config = mpnetConfig({ model_type: "mpnet", vocab_size: 50, hidden_size: 8, num_attention_heads: 2, num_hidden_layers: 1 });
 * const weights = Object.entries(initialParameters(config, keyFromSeed(1)));
 * const parameters = Object.fromEntries(weights.map(([name, { values, shape }]) => [name, tf.tensor(values, [...shape])]));
 * const batch = { ids: Int32Array.of(0, 9, 2, 0, 2), starts: Int32Array.of(0, 3, 5) };
 * embedTokens(parameters, batch, { config }).shape; // => [5, 8]
 * ```
 */
export function embedTokens(
  parameters: ModelParameters,
  batch: TokenBatch,
  { config, dropout, rows }: Pick<EmbeddingSettings, "config"> & { readonly dropout?: Key; readonly rows?: Int32Array },
): Float<"tokens hidden"> {
  const layout = packed(sentenceLengths(batch), { numbers: rows });
  return mpnet(parameters, batch.ids, { config, layout, ...(dropout === undefined ? {} : { dropout }) });
}
