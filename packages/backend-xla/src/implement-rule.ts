import type { FixedValues } from "./fixed-values.ts";
import type { DefinedOp, Fixed, HostArray, HostData, OpInputs, OpResult } from "@kindred/tensor";
import type { Graph, Value } from "@kindred/stablehlo";

/** An op's inputs as a rule sees them: one value for each tensor; an optional one may be undefined. */
export type RuleInputs<Inputs extends OpInputs> = {
  readonly [Name in keyof Inputs]: undefined extends Inputs[Name] ? Value | undefined : Value;
};

/**
 * An op's data as a rule sees them: each array is a value of one axis and as long as the array, of type `f32`, `i32`, `ui32`, or `i1` for
 * bytes that are 0 or not. Never what the array holds.
 */
export type RuleData<Data extends HostData> = {
  readonly [Name in keyof Data]: Data[Name] extends readonly HostArray[]
    ? readonly Value[]
    : undefined extends Data[Name]
      ? Value | undefined
      : Value;
};

/** Fixed numbers that came as operands: a scalar `i32` for a number, one for each number of a list. */
export type RuleOperands<Constants extends Fixed, Name extends keyof Constants> = {
  readonly [Each in Name]: Constants[Each] extends readonly number[] ? readonly Value[] : Value;
};

/** What a rule may know of the program that it is part of. */
export type RuleProgram = {
  /** How large products are computed: operands converted to bfloat16 and float32 results, or all in float32. */
  readonly products: "float32" | "bfloat16";
  /** On how many devices the program runs; collectives are over all of them. */
  readonly replicas: number;
  /** Whether large bfloat16 products want the rows of their left factor one after another in memory, and the compiler can see to that. */
  readonly rowMajor: boolean;
};

/** Emits an op: from values to its result, in the op's order where there are several. */
export type Rule<
  Inputs extends OpInputs,
  Data extends HostData,
  Constants extends Fixed,
  Left extends keyof Constants = never,
  Operand extends keyof Constants = never,
> = (
  graph: Graph,
  inputs: RuleInputs<Inputs>,
  data: RuleData<Data> & RuleOperands<Constants, Operand>,
  fixed: Omit<Constants, Left | Operand>,
  program: RuleProgram,
) => Value | readonly Value[];

/** Which of an op's fixed values a program is not specialised on. */
export type RuleOptions<Left extends PropertyKey, Operand extends PropertyKey> = {
  /** May differ between devices: the rule does not get them. */
  readonly perDevice?: readonly Left[];
  /** Whole numbers that the rule gets among the data, as `i32` scalars: another number is the same program. */
  readonly operands?: readonly Operand[];
};

/** A rule without its op's types, as the engine keeps it. */
export type AnyRule = {
  readonly emit: (
    graph: Graph,
    inputs: { readonly [name: string]: Value | undefined },
    data: { readonly [name: string]: Value | readonly Value[] | undefined },
    fixed: FixedValues,
    program: RuleProgram,
  ) => Value | readonly Value[];
  readonly perDevice: readonly string[];
  readonly operands: readonly string[];
};

/** By the op's name. */
const rules = new Map<string, AnyRule>();
const users = new Set<(name: string, rule: AnyRule) => void>();

let isDefault = false;

/** Implements what `work` does where there is no rule yet: a user's own stays, whenever it came. */
export function implementDefaults(work: () => void): void {
  isDefault = true;
  try {
    work();
  } finally {
    isDefault = false;
  }
}

/** Calls `use` for each rule that there is, and for each that is added, until what it returns is called. */
export function useRules(use: (name: string, rule: AnyRule) => void): () => void {
  for (const [name, rule] of rules) use(name, rule);
  users.add(use);
  return () => void users.delete(use);
}

/**
 * Makes `emit` what the XLA engine records for an op, in place of its composite.
 *
 * A rule sees shapes, types and `fixed`, never numbers of tensors or data: what it makes of them is computed by the program, each time it
 * runs. It is called when a program is made; a step that calls the same ops on the same shapes runs the program again.
 *
 * @example
 * ```ts
 * import { implementRule } from "@kindred/backend-xla";
 * import { defineOp, type Float, type None } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const double = defineOp<{ x: Float }, None, None, Float>({ name: "ExampleTwice", check: () => {}, composite: ({ x }) => tf.mul(x, 2) });
 * implementRule(double, (graph, { x }) => graph.binary("add", x, x));
 * ```
 */
export function implementRule<
  Inputs extends OpInputs,
  Data extends HostData,
  Constants extends Fixed,
  Result extends OpResult,
  const Left extends keyof Constants & string = never,
  const Operand extends keyof Constants & string = never,
>(
  { op: { name } }: DefinedOp<Inputs, Data, Constants, Result>,
  emit: Rule<Inputs, Data, Constants, Left, Operand>,
  { perDevice = [], operands = [] }: RuleOptions<Left, Operand> = {},
): void {
  if (isDefault && rules.has(name)) return;
  const rule = { emit: emit as unknown as AnyRule["emit"], perDevice, operands };
  rules.set(name, rule);
  for (const use of users) use(name, rule);
}
