export { xla, type XlaOptions } from "./xla.ts";
export type { XlaExtra } from "./parts-on-client.ts";
export { aheadOfTime, type AheadOfTimeOptions } from "./ahead-of-time.ts";
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
