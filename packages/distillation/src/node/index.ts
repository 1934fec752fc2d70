export { type TextRows, textRows } from "./text-rows.ts";
export {
  describeTextFile,
  readTextFile,
  type TextFile,
  writeTextFiles,
  type WriteTextFilesOptions,
} from "./text-file.ts";
export { modelFingerprint } from "./model-fingerprint.ts";
export { makeTeacherVectors, type MakeVectorsOptions, type VectorsProgress } from "./make-teacher-vectors.ts";
export { openTeacherVectors, type TeacherVectors } from "./open-teacher-vectors.ts";
export { vectorsFolder, type VectorsManifest, type VectorsRequest } from "./vectors-manifest.ts";
