export {
  filesInFolder,
  openCrossEncoderFolder,
  openModelFolder,
  openModelTokenizer,
  saveModelFolder,
  type SaveModelFolderOptions,
  writeModelFolder,
} from "./model-folder-on-disk.ts";
export { modelFingerprint } from "./model-fingerprint.ts";
