import type { EncoderParameters } from "@kindred/encoder";
import { sentenceVectors } from "@kindred/pooling";
import type { Key } from "@kindred/random";
import { gatherRows } from "@kindred/nn";
import { activeEngine, type Float, type Layout, sentencesOf } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import type { EmbeddingModel } from "./sentence-model.ts";
import { sentenceLengths, type TokenBatch } from "./token-batch.ts";

/** What embedding must and may be told: the model, and while training a dropout key and the sentences' numbers in the global batch. */
export type EmbeddingOptions = EmbeddingModel & { readonly dropout?: Key; readonly rows?: Int32Array };

/**
 * The vectors of a batch of sentences, `"batch hidden"`: the encoder, pooling, and the modules after it as the model has them.
 * How they lie, the engine that runs says. Differentiable; with `dropout`, a key, as in training, where `rows` numbers the sentences in the global batch.
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
  const layout = layoutOf(batch, options);
  const { promptLength = 0 } = batch;
  return tf.tidy(() => {
    const hiddenStates = forward(parameters, batch, { ...options, layout });
    return sentenceVectors(hiddenStates, { modules, parameters, layout, promptLength, ...(dropout && { dropout }) });
  });
}

/**
 * The vector of every token of a batch, `"tokens hidden"`: the last hidden states, before any pooling.
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
  const layout = layoutOf(batch, options);
  if (layout.form === "packed") return forward(parameters, batch, { ...options, layout });
  const rows = sentencesOf(layout.data).flatMap(({ start, length }) => Array.from({ length }, (_, i) => start + i));
  return tf.tidy(() => gatherRows(forward(parameters, batch, { ...options, layout }), Int32Array.from(rows)));
}

function layoutOf(batch: TokenBatch, { rows }: Pick<EmbeddingOptions, "rows">): Layout {
  return activeEngine().layout(sentenceLengths(batch), rows);
}

/** The ids as the layout wants them; what is padding is some id, and nothing depends on it. */
function inRows({ ids, starts }: TokenBatch, { form, fixed, data }: Layout): Int32Array {
  if (form === "packed") return ids;
  const rows = new Int32Array(fixed.rows);
  for (const [i, { start, length }] of sentencesOf(data).entries()) {
    const from = starts[i] ?? 0;
    rows.set(ids.subarray(from, from + length), start);
  }
  return rows;
}

function forward(
  parameters: EncoderParameters,
  batch: TokenBatch,
  { encoder, layout, dropout }: Omit<EmbeddingOptions, "modules"> & { readonly layout: Layout },
): Float<"tokens hidden"> {
  const ids = inRows(batch, layout);
  return encoder.forward(parameters, { ids }, dropout === undefined ? { layout } : { layout, dropout });
}
