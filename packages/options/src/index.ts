export { type Option, type OptionTable, type OptionValues, option } from "./option.ts";
export { type ValueType, valueType } from "./value-type.ts";
export { checkOptions, unknownOption } from "./check-options.ts";
export { flagName, optionHelp } from "./option-help.ts";
