export {
  postNormLayer,
  type PostNormLayerNames,
  type PostNormLayerOptions,
  postNormLayerSpecs,
  type TokenEmbeddingOptions,
  tokenEmbeddings,
} from "./post-norm-transformer.ts";
