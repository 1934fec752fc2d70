export { type Compiled, xla, type XlaExtra, type XlaOptions } from "./xla.ts";
export {
  implementRule,
  type Rule,
  type RuleData,
  type RuleInputs,
  type RuleOperands,
  type RuleOptions,
  type RuleProgram,
} from "./implement-rule.ts";
