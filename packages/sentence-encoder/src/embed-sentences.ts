import type { EncoderParameters } from "@kindred/encoder";
import { gatherRows } from "@kindred/nn";
import { sentenceVectors } from "@kindred/pooling";
import type { Key } from "@kindred/random";
import { activeEngine, type Float, inRows, type Layout, sentencesOf } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import type { EmbeddingModel } from "./sentence-model.ts";
import { sentenceLengths, type TokenBatch } from "./token-batch.ts";

/** What embedding must and may be told: the model, and while training a dropout key and the sentences' numbers in the global batch. */
export type EmbeddingOptions = EmbeddingModel & { readonly dropout?: Key; readonly rows?: Int32Array };

/**
 * The vectors of a batch of sentences, `"batch hidden"`: the encoder, pooling, and the modules after it as the model has them.
 * Differentiable; with `dropout`, a key, as in training, where `rows` numbers the sentences in the global batch. How the sentences lie
 * on the way, packed, padded or in blocks, the active engine says.
 *
 * @example
 * ```ts
 * import { wasm } from "@kindred/backend-wasm";
 * import { initialParameters } from "@kindred/encoder";
 * import { mpnet } from "@kindred/mpnet";
 * import { keyFromSeed } from "@kindred/random";
 * import { embedSentences } from "@kindred/sentence-encoder";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await wasm().start();
 * const json = { vocab_size: 50, hidden_size: 8, num_attention_heads: 2, num_hidden_layers: 1 };
 * const encoder = mpnet.open(json, { file: "config.json" });
 * const weights = Object.entries(initialParameters(encoder.specs, keyFromSeed(1)));
 * const parameters = Object.fromEntries(weights.map(([name, { values, shape }]) => [name, tf.tensor(values, [...shape])]));
 * const modules = [{ kind: "Pooling", dimension: 8, modes: ["mean"] }, { kind: "Normalize" }] as const;
 * const batch = { ids: Int32Array.of(0, 9, 2, 0, 2), starts: Int32Array.of(0, 3, 5) };
 * embedSentences(parameters, batch, { encoder, modules }).shape; // => [2, 8]
 * ```
 */
export function embedSentences(
  parameters: EncoderParameters,
  batch: TokenBatch,
  options: EmbeddingOptions,
): Float<"batch hidden"> {
  const { modules, dropout } = options;
  const { promptLength = 0 } = batch;
  return tf.tidy(() => {
    const { hiddenStates, layout } = forward(parameters, batch, options);
    return sentenceVectors(hiddenStates, { modules, parameters, layout, promptLength, ...(dropout && { dropout }) });
  });
}

/**
 * The vector of every token of a batch, `"tokens hidden"`, sentences end to end: the last hidden states, before any pooling.
 *
 * @example
 * ```ts
 * import { wasm } from "@kindred/backend-wasm";
 * import { bert } from "@kindred/bert";
 * import { initialParameters } from "@kindred/encoder";
 * import { keyFromSeed } from "@kindred/random";
 * import { embedTokens } from "@kindred/sentence-encoder";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await wasm().start();
 * const json = { vocab_size: 50, hidden_size: 8, num_attention_heads: 2, num_hidden_layers: 1 };
 * const encoder = bert.open(json, { file: "config.json" });
 * const weights = Object.entries(initialParameters(encoder.specs, keyFromSeed(1)));
 * const parameters = Object.fromEntries(weights.map(([name, { values, shape }]) => [name, tf.tensor(values, [...shape])]));
 * const batch = { ids: Int32Array.of(0, 9, 2, 0, 2), starts: Int32Array.of(0, 3, 5) };
 * embedTokens(parameters, batch, { encoder }).shape; // => [5, 8]
 * ```
 */
export function embedTokens(
  parameters: EncoderParameters,
  batch: TokenBatch,
  options: Omit<EmbeddingOptions, "modules">,
): Float<"tokens hidden"> {
  return tf.tidy(() => {
    const { hiddenStates, layout } = forward(parameters, batch, options);
    if (layout.form === "packed") return hiddenStates;
    const rows = sentencesOf(layout.data).flatMap(({ start, length }) => Array.from({ length }, (_, i) => start + i));
    return gatherRows(hiddenStates, Int32Array.from(rows));
  });
}

/** The hidden states of a batch, as the active engine wants its sentences to lie. */
function forward(
  parameters: EncoderParameters,
  batch: TokenBatch,
  { encoder, dropout, rows }: Omit<EmbeddingOptions, "modules">,
): { readonly hiddenStates: Float<"tokens hidden">; readonly layout: Layout } {
  const layout = activeEngine().layout(sentenceLengths(batch), rows);
  const tokens = { ids: inRows(batch.ids, layout, 0) };
  const options = dropout === undefined ? { layout } : { layout, dropout };
  return { hiddenStates: encoder.forward(parameters, tokens, options), layout };
}
