export { xla, type XlaExtra, type XlaOptions } from "./xla.ts";
export type { Compiled } from "./compiler.ts";
export {
  implementRule,
  type Rule,
  type RuleData,
  type RuleInputs,
  type RuleOperands,
  type RuleOptions,
  type RuleProgram,
} from "./implement-rule.ts";
