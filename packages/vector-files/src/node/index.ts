export { openVectorFile, type OpenVectorFileOptions, type VectorFile } from "./open-vector-file.ts";
export { mergeVectorFiles, type MergeVectorFilesOptions } from "./merge-vector-files.ts";
export {
  type NumbersOf,
  readVectorFile,
  type ReadRows,
  type ReadVectorFileOptions,
} from "./read-vector-file.ts";
export {
  finishedVectorFile,
  jobChanges,
  type PieceList,
  type VectorFacts,
  type VectorManifest,
} from "./vector-manifest.ts";
