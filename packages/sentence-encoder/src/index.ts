export type { JsonObject, ModelFiles } from "./model-files.ts";
export { type ModelSettings, modelSettings } from "./model-settings.ts";
export { type ModelModules, modelModules } from "./model-modules.ts";
export type { DenseConfig } from "./dense-config.ts";
export type { Activation } from "./activation.ts";
export { modelTokenizer } from "./model-tokenizer.ts";
export { type WeightFiles, weightFilesIn } from "./weight-files.ts";
export { modelWeights } from "./model-weights.ts";
export { loadParameters } from "./load-parameters.ts";
export { type EmbeddingSettings, embedSentences, embedTokens, type ModelParameters } from "./embed-sentences.ts";
export { type PlanOptions, planBatches } from "./plan-batches.ts";
export { selectSentences, type TokenBatch } from "./token-batch.ts";
export type { EncodeOptions, OutputOptions } from "./encode-options.ts";
export type { Embeddings, QuantizedEmbeddings, TokenEmbeddings } from "./embeddings.ts";
export { type Embedder, type Encode, SentenceEncoder } from "./sentence-encoder.ts";
export { type FromFilesOptions, sentenceEncoderFromFiles } from "./sentence-encoder-from-files.ts";
export {
  type SentenceModel,
  sentenceModelFiles,
  type SentenceModelFilesOptions,
  type WeightDtype,
} from "./sentence-model-files.ts";
export { type EngineName, type StartEngineOptions, startEngine } from "./start-engine.ts";
