export { type ParsedFlags, parseFlags } from "./parse-flags.ts";
export { helpOptions, printAsked, readCommand } from "./read-command.ts";
export { exitCodeOf, ownNodeOption, packageVersion, runCommand, writeToStream, xlaTunables } from "./run-command.ts";
export { checkOutputFile } from "./check-output-file.ts";
export {
  choiceOptions,
  chooseEngine,
  type ChooseEngineOptions,
  type EngineChoice,
  engineOptions,
  machineOptions,
} from "./choose-engine.ts";
