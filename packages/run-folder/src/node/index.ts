export { claimNewRun, claimOldRun, expectNotInUse, type RunClaim } from "./claim-run.ts";
export {
  createRunFolder,
  expectBestKept,
  isDone,
  keptElsewhere,
  reopenRunFolder,
  type ProgramIdentity,
  type RunFolder,
  type RunFolderOptions,
} from "./run-folder.ts";
export { hasCheckpoint, readOthers, type ResumePoint, resumePoint } from "./checkpoint.ts";
export { expectSameProgram, readRunConfig } from "./read-run-config.ts";
export { newestRun } from "./newest-run.ts";
export { openEventFile } from "./event-file.ts";
