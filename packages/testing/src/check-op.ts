import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { expect } from "vitest";
import { arrayDifference } from "./array-difference.ts";
import { numbersOf, type OpCase } from "./op-case.ts";
import { differentiateByTfjs, evaluateOp, type OpEvaluation } from "./op-evaluation.ts";
import type { AnyOpLaw, OpLaw, OpTools, Tensors, TestedEngine } from "./op-law.ts";
import { outputsOf, referenceGradient } from "./reference-gradient.ts";
import { largestChange, largestElement, nudged } from "./rounding-noise.ts";
import { throwOnLeaks } from "./throw-on-leaks.ts";

/** A comparison that fails with the place and the size of the worst difference. */
type Compare = (
  what: string,
  got: ArrayLike<number>,
  want: { readonly values: ArrayLike<number>; readonly shape: readonly number[]; readonly tolerance: number },
) => void;

type AnyCase = OpCase<object, object>;

/** What one call gave: the op's, the composite's on cpu, and the composite's for inputs moved by a rounding. */
type Outcome = {
  readonly actual: OpEvaluation;
  readonly expected: OpEvaluation;
  readonly moved: readonly OpEvaluation[];
  readonly seed: number;
};

/** The body of `opLaw`'s test, for tests that expect a mutant of an op to fail it. */
export async function checkOp<Inputs extends Tensors, Data extends object, Fixed extends object>(
  { reference, valueAndGradients }: OpTools,
  engine: TestedEngine,
  checked: OpLaw<Inputs, Data, Fixed>,
): Promise<void> {
  const law: AnyOpLaw = checked;
  const { op, cases, wrt, runs = 10 } = law;
  const sharpest = new Map<string, number>(); // the smallest tolerance of each comparison, as a share of its largest element
  const compare: Compare = (what, got, { values, shape, tolerance }) => {
    const difference = arrayDifference(got, values, { tolerance, shape });
    if (difference !== undefined) expect.fail(`${op.op.name} on ${engine.name}: ${what}: ${difference}`);
    const relative = tolerance / largestElement(values);
    if (Number.isFinite(relative)) sharpest.set(what, Math.min(relative, sharpest.get(what) ?? 1));
  };
  const property = fc.asyncProperty(cases, fc.nat(0xffff), async (call, seed) => {
    const evaluateComposite = (inputs: AnyCase["inputs"]) =>
      evaluateOp((tensors) => tf.tidy(() => op.op.composite(tensors, call.data, call.fixed)), inputs, {
        wrt,
        differentiate: differentiateByTfjs,
      });
    const { expected, moved } = await runningOn(reference, () => ({
      expected: evaluateComposite(call.inputs),
      moved: [1, 2].map((i) => evaluateComposite(nudged(call.inputs, seed + i))),
    }));
    const how = { wrt, differentiate: valueAndGradients };
    const actual = await runningOn(engine, () =>
      evaluateOp((tensors) => op(tensors, call.data, call.fixed), call.inputs, how),
    );
    compareValues(compare, law, call, { actual, expected, moved, seed });
    compareGradients(compare, law, call, { actual, expected, moved, seed });
  });
  // Of all calls one must be judged sharply. Where terms cancel few are, so more are drawn until there is one.
  const blunt = () => [...sharpest].find(([, relative]) => relative >= 1e-3)?.[0];
  for (let round = 0; round === 0 || (round < 10 && blunt() !== undefined); round++) {
    await fc.assert(property, { numRuns: runs });
  }
  expect(blunt(), `${op.op.name}: where the tolerance would hide any error`).toBeUndefined();
}

async function runningOn<Result>(engine: TestedEngine, work: () => Result): Promise<Result> {
  const { stop } = await engine.start();
  throwOnLeaks();
  try {
    return work();
  } finally {
    stop();
  }
}

function compareValues(
  compare: Compare,
  { reference, roundings = 32 }: AnyOpLaw,
  { inputs, data, fixed }: AnyCase,
  { actual, expected, seed }: Outcome,
): void {
  const referenceOf = (of: typeof inputs) => outputsOf(reference(numbersOf(of), data, fixed));
  const wanted = referenceOf(inputs);
  const moved = [1, 2].map((i) => referenceOf(nudged(inputs, seed + i)));
  expect(actual.shapes, "shapes of the outputs").toEqual(expected.shapes);
  expect(wanted.length, "outputs of the reference").toBe(actual.shapes.length);
  for (const [i, shape] of expected.shapes.entries()) {
    const of = (outputs: readonly ArrayLike<number>[]) => outputs[i] ?? []; // as many in all, by the lines above
    const noise = largestChange(of(wanted), moved.map(of));
    const want = { values: of(wanted), shape, tolerance: roundings * noise };
    compare(`output ${i} against the reference`, of(actual.results), want);
    compare(`output ${i} of the composite against the reference`, of(expected.results), want);
  }
}

function compareGradients(
  compare: Compare,
  { wrt, reference, roundings = 32 }: AnyOpLaw,
  call: AnyCase,
  { actual, expected, moved, seed }: Outcome,
): void {
  const scale = Math.max(0, ...Object.values(expected.gradients).map(largestElement));
  for (const name of wrt) {
    const input = call.inputs[name];
    if (input === undefined) continue;
    const gradientIn = ({ gradients }: OpEvaluation) => gradients[name] ?? new Float32Array(input.values.length);
    const [got, values, shape] = [gradientIn(actual), gradientIn(expected), input.shape];
    // A gradient that is zero but for rounding (that of a shift before a norm) is judged by a tenth of a rounding of the others.
    const noise = Math.max(largestChange(values, moved.map(gradientIn)), 0.1 * 2 ** -23 * scale);
    compare(`gradient of ${name} against the composite's`, got, { values, shape, tolerance: roundings * noise });

    const exact = referenceGradient(reference, call, { name, seed });
    const known = got.map((element, i) => (Number.isNaN(exact[i]) ? Number.NaN : element));
    // Central differences in float64 are good to 1e-8 of the function's size.
    const tolerance = roundings * noise + 1e-7 * scale;
    compare(`gradient of ${name} against finite differences`, known, { values: exact, shape, tolerance });
  }
}
