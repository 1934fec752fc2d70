export { openVectorFile, type OpenVectorFileOptions, type VectorFile } from "./open-vector-file.ts";
export { finishedVectorFile, jobChanges, type VectorFacts, type VectorManifest } from "./vector-manifest.ts";
