export { type IndexManifest, type IndexModel, type IndexPrecision, indexPrecisions } from "./index-manifest.ts";
export { type IndexRows, writeIndex, type WriteIndexOptions } from "./write-index.ts";
export {
  type IndexHit,
  type IndexSearchOptions,
  openIndex,
  type OpenIndexOptions,
  type VectorIndex,
} from "./open-index.ts";
