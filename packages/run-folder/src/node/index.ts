export {
  createRunFolder,
  expectNewFolder,
  reopenRunFolder,
  type RunFolder,
  type RunFolderOptions,
} from "./run-folder.ts";
export { readMoments, type ResumePoint, resumePoint } from "./checkpoint.ts";
export { readRunConfig } from "./read-run-config.ts";
export { newestRun } from "./newest-run.ts";
