export { runCommand } from "./run-command.ts";
export { exitCodeOf } from "./exit-code-of.ts";
