export { runCommand } from "./run-command.ts";
export { exitCodeOf } from "./exit-code-of.ts";
export { packageVersion } from "./package-version.ts";
export { checkOutputFile } from "./check-output-file.ts";
