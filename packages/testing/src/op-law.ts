import type * as tf from "@tensorflow/tfjs-core";
import type fc from "fast-check";
import { describe, test } from "vitest";
import { checkOp } from "./check-op.ts";
import type { Numbers, OpCase } from "./op-case.ts";
import type { Differentiate } from "./op-evaluation.ts";

/** What runs ops: an `Engine` of `@kindred/tensor`, which this package can't import. */
export type TestedEngine = { readonly name: string; readonly start: () => Promise<{ readonly stop: () => void }> };

/** What the laws need of the product. */
export type OpTools = {
  /** `cpu()` of `@kindred/tensor`: where the composite is differentiated. */
  readonly reference: TestedEngine;
  /** That of `@kindred/tensor`. */
  readonly valueAndGradients: Differentiate;
};

/** An op's inputs by name. An optional one may be undefined. */
export type Tensors = { readonly [name: string]: tf.Tensor | undefined };

/** An op as `defineOp` makes one, or its composite. */
type OpFunction<Inputs extends Tensors, Data extends object, Fixed extends object> = (
  inputs: Inputs,
  data: Data,
  fixed: Fixed,
) => tf.Tensor | tf.Tensor[];

/** An op's inputs as a reference gets them: those that are always given, and those that may be left out. */
type NumbersOf<Inputs extends Tensors> = {
  readonly [Name in keyof Inputs]: undefined extends Inputs[Name] ? Numbers | undefined : Numbers;
};

/** A defined op and what it is held against. */
export type OpLaw<Inputs extends Tensors, Data extends object, Fixed extends object> = {
  /** What `defineOp` gave. */
  readonly op: OpFunction<Inputs, Data, Fixed> & {
    readonly op: { readonly name: string; readonly composite: OpFunction<Inputs, Data, Fixed> };
  };
  /** Calls to try; see `opCases`. */
  readonly cases: fc.Arbitrary<OpCase<Data, Fixed>>;
  /** The inputs whose gradients are held against the composite's and the reference's. */
  readonly wrt: readonly (keyof Inputs & string)[];
  /** The op in plain loops over float64 numbers: the elements of its output, or of each of its outputs. */
  readonly reference: (
    inputs: NumbersOf<Inputs>,
    data: Data,
    fixed: Fixed,
  ) => ArrayLike<number> | readonly ArrayLike<number>[];
  /** How many float32 roundings of the inputs the op may be off by (see {@link opLaw}). Default 32. */
  readonly roundings?: number;
  /** How many calls each law tries. Default 10. */
  readonly runs?: number;
};

/** A law of an op of any kind, for lists. */
// biome-ignore lint/suspicious/noExplicitAny: open in all three
export type AnyOpLaw = OpLaw<any, any, any>;

/** A law for a list, checked against its op's inputs, data and constants. */
export function lawOf<Inputs extends Tensors, Data extends object, Fixed extends object>(
  law: OpLaw<Inputs, Data, Fixed>,
): AnyOpLaw {
  return law;
}

/**
 * Registers, for each engine, the law of an op: its value is the reference's, and its gradient is that of its composite recorded
 * straight on tfjs's cpu tape, and that of the reference by central differences. It leaks nothing and leaves its inputs as
 * they are.
 *
 * The tolerance is measured, not chosen: the inputs are moved by one float32 rounding each (a factor 1 ± 2⁻²³, at random), and what the
 * reference's value, or the composite's gradient, changes by at most is what a stable computation can't help. A sum of n rounded
 * products is off by about √n of that, so `roundings` 32 is right up to n ≈ 1000. Per tensor; at least 2⁻²³ of its largest element. A test
 * in which that tolerance is never below 1e-3 of the largest element fails too: it would notice nothing.
 */
export function opLaw<Inputs extends Tensors, Data extends object, Fixed extends object>(
  tools: OpTools,
  law: OpLaw<Inputs, Data, Fixed>,
  engines: readonly TestedEngine[],
): void {
  describe(law.op.op.name, () => {
    test.each(engines)("has its reference's value and gradient, and its composite's, on $name", async (engine) => {
      await checkOp(tools, engine, law);
    });
  });
}

/** {@link opLaw} for a list of ops. */
export function opLaws(tools: OpTools, laws: readonly AnyOpLaw[], engines: readonly TestedEngine[]): void {
  for (const law of laws) opLaw(tools, law, engines);
}
