import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { arrayDifference } from "./array-difference.ts";
import { finiteDifferences } from "./finite-differences.ts";
import { throwOnLeaks } from "./throw-on-leaks.ts";
import { type Numbers, numbersOf } from "./numbers.ts";
import type { OpCase } from "./op-case.ts";
import { largestChange, largestElement, nudged } from "./rounding-noise.ts";
import {
  type Differentiate,
  differentiateByTfjs,
  evaluateOp,
  type TensorFunction,
  weightsOfOutput,
} from "./op-evaluation.ts";

/** What the laws need of the engine: `startBackend` and `valueAndGradients` of `@kindred/tensor`, which this package can't import. */
export type OpEngine = {
  readonly startBackend: (name: "cpu" | "wasm") => Promise<void>;
  readonly valueAndGradients: Differentiate;
};

// biome-ignore lint/suspicious/noExplicitAny: a list holds ops with inputs and attributes of many types
type AnyOpFunction = (inputs: any, attributes: any) => tf.Tensor | tf.Tensor[];

/** A defined op and what it is held against. */
export type OpLaw<Attributes extends object> = {
  /** What `defineOp` gave. */
  readonly op: AnyOpFunction & { readonly op: { readonly name: string; readonly composite: AnyOpFunction } };
  /** Calls to try; see `opCases`. */
  readonly cases: fc.Arbitrary<OpCase<Attributes>>;
  /** The inputs whose gradients are held against the composite's and the reference's. */
  readonly wrt: readonly string[];
  /** The op in plain loops over float64 numbers: the elements of its output, or of each of its outputs. */
  readonly reference: (
    inputs: { readonly [name: string]: Numbers },
    attributes: Attributes,
  ) => ArrayLike<number> | readonly ArrayLike<number>[];
  /** How many float32 roundings of the inputs the op may be off by (see {@link opLaw}). Default 32. */
  readonly roundings?: number;
  /** How many calls each law tries. Default 10. */
  readonly runs?: number;
};

/**
 * Registers, for each backend, the law of an op: its value is the reference's, and its gradient is that of its composite recorded
 * straight on tfjs's cpu tape with stock gradients, and that of the reference by central differences. It leaks nothing and leaves its inputs as
 * they are.
 *
 * The tolerance is measured, not chosen: the inputs are moved by one float32 rounding each (a factor 1 ± 2⁻²³, at random), and what the
 * reference's value, or the composite's gradient, changes by at most is what a stable computation can't help. A sum of n rounded
 * products is off by about √n of that, so `roundings` 32 is right up to n ≈ 1000. Per tensor; at least 2⁻²³ of its largest element. A test
 * in which that tolerance is never below 1e-3 of the largest element fails too: it would notice nothing.
 */
export function opLaw<Attributes extends object>(
  engine: OpEngine,
  law: OpLaw<Attributes>,
  { backends = ["cpu", "wasm"] }: { readonly backends?: readonly ("cpu" | "wasm")[] } = {},
): void {
  describe(law.op.op.name, () => {
    test.each(backends)("has its reference's value and gradient, and its composite's, on %s", async (backend) => {
      await checkOp(engine, backend, law);
    });
  });
}

/** {@link opLaw} for a list of ops. */
export function opLaws(
  engine: OpEngine,
  // biome-ignore lint/suspicious/noExplicitAny: a list holds ops with attributes of many types
  laws: readonly OpLaw<any>[],
  options: { readonly backends?: readonly ("cpu" | "wasm")[] } = {},
): void {
  for (const law of laws) opLaw(engine, law, options);
}

/** The body of {@link opLaw}'s test, for tests that expect a mutant of an op to fail it. */
export async function checkOp<Attributes extends object>(
  engine: OpEngine,
  backend: "cpu" | "wasm",
  { op, cases, wrt, reference, roundings = 32, runs = 10 }: OpLaw<Attributes>,
): Promise<void> {
  const sharpness = new Map<string, number>();
  const compare = (
    what: string,
    got: ArrayLike<number>,
    want: ArrayLike<number>,
    tolerance: number,
    shape: readonly number[],
  ) => {
    const difference = arrayDifference(got, want, { tolerance, shape });
    if (difference !== undefined) expect.fail(`${op.op.name} on ${backend}: ${what}: ${difference}`);
    const relative = tolerance / largestElement(want);
    if (Number.isFinite(relative)) sharpness.set(what, Math.min(relative, sharpness.get(what) ?? 1));
  };
  const property = fc.asyncProperty(cases, fc.nat(0xffff), async ({ inputs, attributes }, seed) => {
    const composite: TensorFunction = (tensors) => tf.tidy(() => op.op.composite(tensors, attributes));
    const stock = { wrt, differentiate: differentiateByTfjs };
    await engine.startBackend("cpu");
    throwOnLeaks();
    const expected = evaluateOp(composite, inputs, stock);
    const moved = [1, 2].map((i) => evaluateOp(composite, nudged(inputs, seed + i), stock));

    await engine.startBackend(backend);
    const actual = evaluateOp((tensors) => op(tensors, attributes), inputs, {
      wrt,
      differentiate: engine.valueAndGradients,
    });

    const values = outputsOf(reference(numbersOf(inputs), attributes));
    const movedValues = [1, 2].map((i) => outputsOf(reference(numbersOf(nudged(inputs, seed + i)), attributes)));
    expect(actual.shapes, "shapes of the outputs").toEqual(expected.shapes);
    expect(values.length, "outputs of the reference").toBe(actual.shapes.length);
    for (const [i, want] of values.entries()) {
      const noise = largestChange(
        want,
        movedValues.map((value) => value[i]!),
      );
      compare(`output ${i} against the reference`, actual.results[i]!, want, roundings * noise, expected.shapes[i]!);
      compare(`output ${i} of the composite`, expected.results[i]!, want, roundings * noise, expected.shapes[i]!);
    }
    const scale = Math.max(...wrt.map((name) => largestElement(expected.gradients[name] ?? [])));
    for (const name of wrt) {
      const input = inputs[name];
      if (input === undefined) continue;
      const zero = new Float32Array(input.values.length);
      const want = expected.gradients[name] ?? zero;
      const got = actual.gradients[name] ?? zero;
      const noise = Math.max(
        largestChange(
          want,
          moved.map(({ gradients }) => gradients[name] ?? zero),
        ),
        2 ** -23 * scale * 0.1,
      );
      compare(`gradient of ${name} against the composite's`, got, want, roundings * noise, input.shape);
      const exact = referenceGradient({ inputs, attributes }, name, { reference, seed });
      const known = Array.from(got, (element, i) => (Number.isNaN(exact[i]!) ? Number.NaN : element));
      // Central differences in float64 are good to 1e-8 of the function's size.
      compare(
        `gradient of ${name} against finite differences`,
        known,
        exact,
        roundings * noise + 1e-7 * scale,
        input.shape,
      );
    }
  });
  await fc.assert(property, { numRuns: runs });
  for (const [what, relative] of sharpness)
    expect(relative, `${op.op.name}: ${what}: the tolerance hides any error`).toBeLessThan(1e-3);
}

/** The reference's gradient of the weighted sum by one input; NaN for elements that were not tried (24 of many are). */
function referenceGradient<Attributes extends object>(
  { inputs, attributes }: OpCase<Attributes>,
  name: string,
  { reference, seed }: { readonly reference: OpLaw<Attributes>["reference"]; readonly seed: number },
): Float64Array {
  const numbers = numbersOf(inputs);
  const { shape, values } = numbers[name]!;
  const weighted = (x: Float64Array) => {
    const outputs = outputsOf(reference({ ...numbers, [name]: { shape, values: x } }, attributes));
    let sum = 0;
    for (const [i, output] of outputs.entries()) {
      const weights = weightsOfOutput(i, output.length);
      for (let at = 0; at < output.length; at++) sum += output[at]! * weights[at]!;
    }
    return sum;
  };
  const few = Array.from({ length: 24 }, (_, i) => (seed + i * 7919) % values.length);
  return finiteDifferences(weighted, values, values.length > 24 ? { only: few } : {});
}

function outputsOf(result: ArrayLike<number> | readonly ArrayLike<number>[]): readonly ArrayLike<number>[] {
  return result.length > 0 && typeof result[0] !== "number"
    ? (result as readonly ArrayLike<number>[])
    : [result as ArrayLike<number>];
}
