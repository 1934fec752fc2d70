import { type AnyOpLaw, floatsFromSeed, lawOf, type Numbers, opCases } from "@kindred/testing";
import fc from "fast-check";
import { adamwNumber, adamwOp, sumOfSquaresOp } from "../src/adamw.ts";

/** Numbers of a step that are as large as those of real ones: rate, two factors, epsilon, kept. */
const stepNumbers = (seed: number) => {
  const [factor = 0, decayed = 0] = floatsFromSeed(seed, 2);
  return Float32Array.of(0.1, -Math.abs(factor), -Math.abs(decayed), 1e-3, 0.9);
};
/** Running means of squares, far enough from 0 for a root's slope. */
const squares = (seed: number, count: number) => floatsFromSeed(seed, count).map((x) => Math.abs(x) + 0.25);

const at = ({ values }: Numbers, place: number) => values[place] ?? Number.NaN;

/** The laws of AdamW's ops: what each computes, in plain loops over float64. */
export const adamwLaws: AnyOpLaw[] = [
  lawOf({
    op: adamwOp,
    cases: opCases(
      {
        ...({ parameter: "out in", gradient: "out in", first: "out in", second: "out in" } as const),
        ...({ numbers: "numbers", clip: "" } as const),
      },
      {
        sizes: { numbers: { is: 5 } },
        values: { numbers: stepNumbers, second: squares, clip: (seed) => floatsFromSeed(seed, 1).map(Math.abs) },
        given: () =>
          fc.record({
            fixed: fc.record({
              beta1: fc.constantFrom(0.5, 0.9),
              beta2: fc.constantFrom(0.5, 0.999),
              decays: fc.boolean(),
            }),
          }),
      },
    ),
    wrt: [],
    reference: ({ parameter, gradient, first, second, numbers, clip }, _, { beta1, beta2, decays }) => {
      const factor = at(numbers, decays ? adamwNumber.decayedFactor : adamwNumber.factor);
      const kept = decays ? at(numbers, adamwNumber.kept) : 1;
      const moved = Array.from(parameter.values, (weight, i) => {
        const g = at(gradient, i) * at(clip, 0);
        const m = beta1 * at(first, i) + (1 - beta1) * g;
        const v = beta2 * at(second, i) + (1 - beta2) * g ** 2;
        return [kept * weight + (factor * m) / (Math.sqrt(v) + at(numbers, adamwNumber.epsilon)), m, v] as const;
      });
      return [0, 1, 2].map((output) => moved.map((numbersOfOne) => numbersOfOne[output] ?? Number.NaN));
    },
  }),
  lawOf({
    op: sumOfSquaresOp,
    cases: opCases({ x: "out in" }),
    wrt: [],
    reference: ({ x }) => [Array.from(x.values).reduce((sum, value) => sum + value * value, 0)],
  }),
];
