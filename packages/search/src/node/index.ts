export {
  type IndexFile,
  type IndexManifest,
  type IndexModel,
  type IndexPiece,
  type IndexPrecision,
  indexPrecisions,
} from "./index-manifest.ts";
export type { IndexRows } from "./piece-writer.ts";
export { writeIndex, type WriteIndexOptions } from "./write-index.ts";
export { type IndexWriter, type IndexWriterOptions, openIndexWriter } from "./index-writer.ts";
export {
  type IndexHit,
  type IndexSearchOptions,
  openIndex,
  type OpenIndexOptions,
  type VectorIndex,
} from "./open-index.ts";
