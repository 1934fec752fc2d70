export { type Option, type OptionTable, type OptionValues, option } from "./option.ts";
export { type ValueType, valueType } from "./value-type.ts";
export { checkOptions, unknownOption } from "./check-options.ts";
export { flagName } from "./flag-name.ts";
export { type ParsedFlags, parseFlags } from "./parse-flags.ts";
export { ownNodeOption } from "./own-node-option.ts";
export { optionHelp } from "./option-help.ts";
