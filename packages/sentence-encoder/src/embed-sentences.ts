import * as tf from "@tensorflow/tfjs-core";
import type { EncoderParameters } from "@kindred/encoder";
import { ConfigError } from "@kindred/errors";
import { gatherRows } from "@kindred/nn";
import { sentenceVectors } from "@kindred/pooling";
import type { Key } from "@kindred/random";
import { activeEngine, type Float, inRows, type Layout, sentencesOf } from "@kindred/tensor";
import type { EmbeddingModel } from "./sentence-model.ts";

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
    if (batch.ids.length === 0 && batch.layout === undefined) return embedNothing(parameters, batch, options);
    const { hiddenStates, layout } = forward(parameters, batch, options);
    return sentenceVectors(hiddenStates, { modules, parameters, layout, promptLength, ...(dropout && { dropout }) });
  });
}

/** The vectors of sentences without a token: computed beside one that has some, since ops want rows. */
function embedNothing(
  parameters: EncoderParameters,
  batch: TokenBatch,
  options: EmbeddingOptions,
): Float<"batch hidden"> {
  const count = batch.starts.length - 1;
  const starts = new Int32Array(count + 2);
  starts[count + 1] = 1;
  const vectors = embedSentences(parameters, { ...batch, ids: Int32Array.of(0), starts }, options);
  return gatherRows(
    vectors,
    Int32Array.from({ length: count }, (_, i) => i),
  );
}

/**
 * The vector of every token of a batch, `"tokens hidden"`: the last hidden states, before any pooling. Sentences lie end to end, or as the
 * batch's own `layout` says, with rows of padding between them.
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
    if (layout.form === "packed" || batch.layout !== undefined) return hiddenStates;
    const rows = sentencesOf(layout.data).flatMap(({ start, length }) => Array.from({ length }, (_, i) => start + i));
    return gatherRows(hiddenStates, Int32Array.from(rows));
  });
}

/** The hidden states of a batch, laid out as it says itself or as the active engine wants it. */
function forward(
  parameters: EncoderParameters,
  batch: TokenBatch,
  { encoder, dropout, rows }: Omit<EmbeddingOptions, "modules">,
): { readonly hiddenStates: Float<"tokens hidden">; readonly layout: Layout } {
  const layout = batch.layout ?? activeEngine().layout(sentenceLengths(batch), rows);
  const { typeIds } = batch;
  const tokens = {
    ids: inRows(batch.ids, layout, 0),
    ...(typeIds === undefined ? {} : { typeIds: inRows(typeIds, layout, 0) }),
  };
  const options = dropout === undefined ? { layout } : { layout, dropout };
  return { hiddenStates: encoder.forward(parameters, tokens, options), layout };
}

/** Sentences as token ids, end to end: sentence i is `ids[starts[i] … starts[i + 1])`. */
export type TokenBatch = {
  readonly ids: Int32Array;
  readonly starts: Int32Array;
  /** Which text of several each token is of, as many as `ids`, for encoders that tell them apart. Default: 0 for all. */
  readonly typeIds?: Int32Array;
  /** How many of each sentence's first tokens, `<s>` among them, pooling leaves out. Default: 0. */
  readonly promptLength?: number;
  /**
   * Where its sentences lie, and perhaps more of them, empty ones (of `planBlocks`, for encoding only): their vectors come after the others'
   * and mean nothing. In training it also has the sentences' numbers. Default: as the active engine wants it.
   */
  readonly layout?: Layout;
};

/** The tokens of each sentence. */
export function sentenceLengths({ starts }: TokenBatch): Int32Array {
  return starts.subarray(1).map((end, i) => end - (starts[i] ?? 0));
}

/**
 * The sentences of `batch` at `indices`, in that order, as a batch of their own.
 *
 * @example
 * ```ts
 * import { selectSentences } from "@kindred/sentence-encoder";
 *
 * const batch = { ids: Int32Array.of(0, 7, 2, 0, 2), starts: Int32Array.of(0, 3, 5) };
 * selectSentences(batch, Int32Array.of(1, 0)); // => { ids: [0, 2, 0, 7, 2], starts: [0, 2, 5] }
 * ```
 */
export function selectSentences({ layout: _, ...batch }: TokenBatch, indices: Int32Array): TokenBatch {
  const starts = new Int32Array(indices.length + 1);
  indices.forEach((sentence, i) => {
    starts[i + 1] = (starts[i] ?? 0) + (batch.starts[sentence + 1] ?? 0) - (batch.starts[sentence] ?? 0);
  });
  const chosen = (values: Int32Array) => {
    const own = new Int32Array(starts[indices.length] ?? 0);
    indices.forEach((sentence, i) => {
      own.set(values.subarray(batch.starts[sentence], batch.starts[sentence + 1]), starts[i]);
    });
    return own;
  };
  const { ids, typeIds } = batch;
  return { ...batch, ids: chosen(ids), starts, ...(typeIds === undefined ? {} : { typeIds: chosen(typeIds) }) };
}

/** What bounds a plan. */
export type PlanOptions = {
  /** The most tokens of a batch. */
  readonly maxBatchTokens: number;
  /** How many batches run at a time, each group as slow as its slowest. Default: 1. */
  readonly cores?: number;
};

/**
 * The order in which to encode sentences: their indices in batches of about equally many tokens, at most `maxBatchTokens`, with a
 * batch for every core each time.
 *
 * Longest sentences first, so that those of a batch are of like length. Every sentence is in exactly one batch; a sentence of
 * equal length keeps its place among its equals. Some cores may get no batch the last time: where there are fewer sentences than
 * cores, or one is longer than half the budget.
 *
 * @throws ConfigError if one sentence alone is longer than the budget.
 *
 * @example
 * ```ts
 * import { planBatches } from "@kindred/sentence-encoder";
 *
 * const lengths = Int32Array.of(3, 9, 4, 3);
 * planBatches(lengths, { maxBatchTokens: 20 }).map((batch) => [...batch]); // => [[1], [2, 0, 3]]
 * planBatches(lengths, { maxBatchTokens: 100, cores: 2 }).map((batch) => [...batch]); // => [[1], [2, 0, 3]]
 * ```
 */
export function planBatches(lengths: Int32Array, { maxBatchTokens, cores = 1 }: PlanOptions): Int32Array[] {
  const order = Int32Array.from(lengths.keys()).sort((a, b) => (lengths[b] ?? 0) - (lengths[a] ?? 0) || a - b);
  const longest = lengths[order[0] ?? 0] ?? 0;
  if (longest > maxBatchTokens) {
    throw new ConfigError(
      `planBatches: a sentence has ${longest} tokens, more than maxBatchTokens = ${maxBatchTokens}. Raise it.`,
    );
  }
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const rounds = Math.max(1, Math.ceil(total / (cores * roomFor(longest, maxBatchTokens))));
  const share = total / (cores * rounds);
  const batches: Int32Array[] = [];
  let [start, tokens, before] = [0, 0, 0];
  order.forEach((sentence, i) => {
    const length = lengths[sentence] ?? 0;
    // The middle of the sentence says to which share it belongs.
    const isNext = before + tokens + length / 2 > share * (batches.length + 1);
    if (i > start && (isNext || tokens + length > maxBatchTokens)) {
      batches.push(order.slice(start, i));
      [start, tokens, before] = [i, 0, before + tokens];
    }
    tokens += length;
  });
  if (start < order.length) batches.push(order.slice(start));
  return batches;
}

/** Tokens that a batch can aim at and stay in its budget, although it may begin and end half a sentence off. */
function roomFor(longest: number, maxBatchTokens: number): number {
  return Math.max(maxBatchTokens - longest, maxBatchTokens / 2);
}
