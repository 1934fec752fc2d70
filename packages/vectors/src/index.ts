export {
  type EmbeddingRows,
  expectSameDimension,
  expectSameRows,
  rowCount,
  type ShortenOptions,
  shortenRows,
} from "./embedding-rows.ts";
export {
  pairSimilarities,
  similarities,
  type Similarity,
  type SimilarityOptions,
  similarityTo,
} from "./similarity.ts";
export { type ScoreMatrix, similarityMatrix } from "./similarity-matrix.ts";
export { type RankedRow, TopRows } from "./top-rows.ts";
export { nearestRows, type NearestRowsOptions } from "./nearest-rows.ts";
export { type NegativeRules, negativeRules, type PickedNegatives, pickNegatives } from "./pick-negatives.ts";
export {
  type Precision,
  precisions,
  quantizationRanges,
  type QuantizationRanges,
  type QuantizedRows,
  quantizeEmbeddings,
  type QuantizeOptions,
} from "./quantize-embeddings.ts";
export { vectorBase64 } from "./vector-base64.ts";
export { type Eigen, symmetricEigen } from "./symmetric-eigen.ts";
export {
  type PrincipalComponents,
  principalComponents,
  type PrincipalComponentsOptions,
  projectRows,
} from "./principal-components.ts";
