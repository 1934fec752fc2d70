import type { SourceSummary } from "./data-events.ts";
import type { TrainConfig } from "./train-options.ts";
import { parameterCount, type TrainableModel } from "./trainable-model.ts";

/** About how much memory a run takes, in bytes, and what for. */
export type MemoryEstimate = {
  readonly bytes: number;
  /** What all cores share: weights, and of what is trained AdamW's two moments and a gradient for each core. */
  readonly shared: number;
  /** The weights that each core has for itself. */
  readonly weights: number;
  /** What a chunk of `maxBatchTokens` tokens keeps for its way back, on all cores. */
  readonly chunks: number;
  /** The rows of the data sets that are in memory. */
  readonly rows: number;
};

/** What a run's memory follows from. */
export type MemoryFacts = {
  readonly model: Pick<TrainableModel, "encoder" | "weights">;
  /** Numbers that move. Default: all that the model has. */
  readonly trained?: number;
  readonly cores: number;
  readonly summaries: readonly SourceSummary[];
};

/**
 * Numbers of float32 that a token leaves behind in a layer until the way back, in units of the hidden and of the intermediate size: query, key, value,
 * attention's result, its linear map, the sum after it, the second linear map and the layer's result; the inner map before and after GELU.
 */
const [perHidden, perInner] = [8, 2];

/** Bytes of a row in memory beside its characters: an object, its place, an array, a header for each text. */
const [rowBytes, textBytes] = [120, 60];

/** Bytes of JavaScript itself: the process, and each core's thread with its kernels. */
const [processBytes, coreBytes] = [120e6, 45e6];

/**
 * About how much memory a run on cores takes: 4 bytes for each number of
 *
 * - parameters + trained ones · (2 + cores), in memory that all share, and parameters · cores beside it,
 * - tokens of a chunk · layers · (8 · hidden + 2 · intermediate) on each core,
 *
 * and the rows that are not streamed. Four real runs (384 × 6 layers on one core and on two, 256 × 4, 768 × 6) took at most 4 % more or less. Checkpoints take parameters · 4 more while they are written. Undefined for devices, which have their
 * own, and for a family whose encoders do not tell their layers.
 *
 * @example
 * ```ts
 * import { tokenizerFromVocab } from "@kindred/tokenizer";
 * import { memoryEstimate, newModel, trainConfig } from "@kindred/trainer";
 *
 * const config = trainConfig({ hiddenSize: 8, numHiddenLayers: 1, numAttentionHeads: 2, intermediateSize: 16, maxBatchTokens: 1000 });
 * const model = newModel(config, tokenizerFromVocab("<s>\n<pad>\n</s>\n<unk>\ncat\ndog\n[UNK]\n<mask>\n"));
 * memoryEstimate(config, { model, cores: 2, summaries: [] })?.chunks; // => 768000
 * ```
 */
export function memoryEstimate(
  { backend, maxBatchTokens }: Pick<TrainConfig, "backend" | "maxBatchTokens">,
  { model, trained = parameterCount(model), cores, summaries }: MemoryFacts,
): MemoryEstimate | undefined {
  const { hidden, layers, intermediate } = model.encoder.sizes;
  if (backend === "xla" || layers === undefined || intermediate === undefined) return undefined;
  const parameters = parameterCount(model);
  const perToken = layers * (perHidden * hidden + perInner * intermediate);
  const shared = 4 * (parameters + trained * (2 + cores));
  const weights = 4 * parameters * cores;
  const chunks = 4 * perToken * maxBatchTokens * cores;
  const rows = summaries.reduce((sum, { rows = 0, columns, characters }) => {
    return sum + characters + rows * (rowBytes + columns * textBytes);
  }, 0);
  return { bytes: shared + weights + chunks + rows + processBytes + coreBytes * cores, shared, weights, chunks, rows };
}
