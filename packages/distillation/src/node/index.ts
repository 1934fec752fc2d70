export { type TextRows, textRows } from "./text-rows.ts";
export {
  describeTextFile,
  readTextFile,
  type TextFile,
  writeTextFiles,
  type WriteTextFilesOptions,
} from "./text-file.ts";
export { modelFingerprint } from "./model-fingerprint.ts";
export {
  makeTeacherVectors,
  type MakeVectorsOptions,
  openTeacherVectors,
  type TeacherVectors,
  vectorsFolder,
  type VectorsManifest,
  type VectorsProgress,
  type VectorsRequest,
} from "./teacher-vectors.ts";
