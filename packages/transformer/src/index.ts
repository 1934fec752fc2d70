export { type TokenEmbeddingOptions, tokenEmbeddings } from "./token-embeddings.ts";
export {
  postNormLayer,
  type PostNormLayerNames,
  type PostNormLayerOptions,
  postNormLayerSpecs,
} from "./post-norm-layer.ts";
