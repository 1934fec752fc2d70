export { type ParsedFlags, parseFlags } from "./parse-flags.ts";
export { ownNodeOption, packageVersion, runCommand } from "./run-command.ts";
export { exitCodeOf } from "./exit-code-of.ts";
export { checkOutputFile } from "./check-output-file.ts";
