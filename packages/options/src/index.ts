export { grouped, type Option, option, type OptionTable, type OptionValues } from "./option.ts";
export { type ValueType, valueType } from "./value-type.ts";
export { checkOptions, unknownOption } from "./check-options.ts";
export { flagName, optionHelp } from "./option-help.ts";
export { markdownTable, optionReference, shown } from "./option-reference.ts";
