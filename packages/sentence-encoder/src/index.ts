export { families } from "./families.ts";
export {
  type EmbeddingModel,
  modelSpecs,
  type OpenModelOptions,
  openSentenceModel,
  type SavedModel,
  savedModel,
  type SentenceModel,
  type SentenceSettings,
} from "./sentence-model.ts";
export { countNonFinite, loadParameters, modelWeights } from "./model-weights.ts";
export {
  type EmbeddingOptions,
  embedSentences,
  embedTokens,
  type PlanOptions,
  planBatches,
  selectSentences,
  type TokenBatch,
} from "./embed-sentences.ts";
export { type BlockPlanOptions, planBlocks, type PlannedBatch } from "./plan-blocks.ts";
export type { EncodeOptions, EncodeTokensOptions, OutputOptions, TokenizeOptions } from "./encode-options.ts";
export type {
  Embeddings,
  Encode,
  EncodeOf,
  EncodeTokens,
  QuantizedEmbeddings,
  TokenEmbeddings,
  TokenizedTexts,
} from "./embeddings.ts";
export type { TextInput } from "./text-input.ts";
export type { ComputedBatch, Embedder, EmbeddingJob, EmbeddingOrder } from "./local-embedder.ts";
export type { EncodedWindow, EncodeStreamOptions } from "./encode-stream.ts";
export { SentenceEncoder } from "./sentence-encoder.ts";
export {
  CrossEncoder,
  type CrossEncoderSettings,
  type PairScores,
  type PredictOptions,
  type RankedDocument,
  type RankOptions,
  type TextPair,
} from "./cross-encoder.ts";
export { crossEncoderFromFiles } from "./cross-encoder-from-files.ts";
export { type FromFilesOptions, sentenceEncoderFromFiles } from "./sentence-encoder-from-files.ts";
