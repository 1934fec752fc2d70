export { staticEmbedding } from "./static-embedding.ts";
export { sifWeights } from "./sif-weights.ts";
export { type StaticTableOptions, staticTableOf } from "./static-table-of.ts";
