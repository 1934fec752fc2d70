export {
  postNormLayer,
  type PostNormLayerNames,
  type PostNormLayerOptions,
  postNormLayerSpecs,
  type TokenEmbeddingOptions,
  tokenEmbeddings,
} from "./post-norm-transformer.ts";
export { postNormEncoder, type PostNormEncoderOptions } from "./post-norm-encoder.ts";
