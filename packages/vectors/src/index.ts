export { type EmbeddingRows, expectSameDimension, expectSameRows, rowCount } from "./embedding-rows.ts";
export { pairSimilarities, similarities, type Similarity, type SimilarityOptions } from "./similarity.ts";
export { type ScoreMatrix, similarityMatrix } from "./similarity-matrix.ts";
export { nearestRows, type NearestRowsOptions, type RankedRow, TopRows } from "./nearest-rows.ts";
export { type ShortenOptions, shortenRows } from "./shorten-rows.ts";
export {
  type Precision,
  precisions,
  quantizationRanges,
  type QuantizationRanges,
  type QuantizedRows,
  quantizeEmbeddings,
  type QuantizeOptions,
} from "./quantize-embeddings.ts";
