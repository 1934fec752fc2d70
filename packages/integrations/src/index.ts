export {
  type KindredEmbedCall,
  type KindredEmbeddingModel,
  type KindredEmbedResult,
  type KindredProvider,
  kindredProvider,
  NoSuchModelError,
} from "./ai-sdk.ts";
export { type EmbedOptions, KindredEmbeddings, type KindredEmbeddingsParams } from "./langchain.ts";
export {
  type OpenAiCallOptions,
  type OpenAiClient,
  openAiClient,
  type OpenAiRequest,
  type OpenAiResponse,
} from "./openai.ts";
export type { CallOptions } from "./call-options.ts";
export type { EncodesTexts, OpenModel } from "./open-model.ts";
