import { expectMutantToFail, floatsFromSeed, type Numbers, opCases } from "@kindred/testing";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { at, checkPlainLaw, elements, indicesOf, type PlainLaw, plainLaws } from "../../test-support/plain-laws.ts";
import { cpu, valueAndGradients } from "../index.ts";
import { reductionGradients } from "./reductions.ts";

/** Different numbers in −2 … 2, far enough apart for central differences of a maximum. */
const distinct = (seed: number, count: number) =>
  Float32Array.from({ length: count }, (_, i) => (((i * 617 + seed) % 4093) / 4093) * 4 - 2);
/** Numbers of which one is 0 exactly: a product's gradient there is not its value divided by 0. */
const withZero = (seed: number, count: number) => floatsFromSeed(seed, count).fill(0, 0, 1);

const small = { sizes: { a: { max: 5 }, b: { max: 4 }, c: { max: 7 } } };
const cube = (values = floatsFromSeed as (seed: number, count: number) => Float32Array) =>
  opCases({ x: "a b c" }, { ...small, values: { x: values } });

/** The reference of a reduction of "a b c" along some axes, in the order of what is left. */
const reduced =
  (axes: readonly number[], reduce: (values: number[]) => number) =>
  ({ x }: { readonly [name: string]: Numbers }): number[] => {
    const groups = new Map<string, number[]>();
    for (const index of indicesOf(x!.shape)) {
      const key = index.filter((_, axis) => !axes.includes(axis)).join();
      groups.set(key, [...(groups.get(key) ?? []), at(x!, index)]);
    }
    return [...groups.values()].map(reduce);
  };
const plus = (values: number[]) => values.reduce((sum, value) => sum + value, 0);
const times = (values: number[]) => values.reduce((product, value) => product * value, 1);

type Reduction = [
  kernel: string,
  run: (x: tf.Tensor, axis?: number | number[], keep?: boolean) => tf.Tensor,
  (v: number[]) => number,
];
const reductions: Reduction[] = [
  ["Sum", tf.sum, plus],
  ["Mean", tf.mean, (values) => plus(values) / values.length],
  ["Max", tf.max, (values) => Math.max(...values)],
  ["Min", tf.min, (values) => Math.min(...values)],
];

/** The elements of a product of matrices "batch rows inner" and "batch inner columns", each transposed or not, a batch of 1 broadcast. */
const product =
  (turnA: boolean, turnB: boolean) =>
  ({ a, b }: { readonly [name: string]: Numbers }) => {
    const [rows, inner] = turnA ? [a!.shape[2]!, a!.shape[1]!] : [a!.shape[1]!, a!.shape[2]!];
    const columns = turnB ? b!.shape[1]! : b!.shape[2]!;
    return elements([Math.max(a!.shape[0]!, b!.shape[0]!), rows, columns], ([batch, row, column]) =>
      plus(
        Array.from({ length: inner }, (_, i) => {
          const left = at(a!, turnA ? [batch!, i, row!] : [batch!, row!, i]);
          return left * at(b!, turnB ? [batch!, column!, i] : [batch!, i, column!]);
        }),
      ),
    );
  };

const cumulated =
  (exclusive: boolean, reverse: boolean) =>
  ({ x }: { readonly [name: string]: Numbers }) =>
    elements(x!.shape, ([i, j, k]) =>
      plus(
        Array.from({ length: x!.shape[1]! }, (_, other) => {
          const counts = reverse ? other >= j! : other <= j!;
          return counts && !(exclusive && other === j) ? at(x!, [i!, other, k!]) : 0;
        }),
      ),
    );

const flags = [
  [false, false],
  [false, true],
  [true, false],
  [true, true],
] as const;

const laws: PlainLaw[] = [
  ...reductions.flatMap(([kernel, run, reduce]): PlainLaw[] => [
    { kernels: [kernel], cases: cube(distinct), run: ({ x }) => run(x!), reference: reduced([0, 1, 2], reduce) },
    { kernels: [kernel], cases: cube(distinct), run: ({ x }) => run(x!, -1), reference: reduced([2], reduce) },
    {
      kernels: [kernel],
      cases: cube(distinct),
      run: ({ x }) => run(x!, [0, 2], true),
      reference: reduced([0, 2], reduce),
    },
  ]),
  ...[floatsFromSeed, withZero].flatMap((values): PlainLaw[] => [
    {
      kernels: ["Prod"],
      cases: opCases({ x: "2 c" }, { values: { x: values }, sizes: { c: { max: 5 } } }),
      run: ({ x }) => tf.prod(x!),
      reference: reduced([0, 1], times),
    },
    { kernels: ["Prod"], cases: cube(values), run: ({ x }) => tf.prod(x!, 1), reference: reduced([1], times) },
    {
      kernels: ["Prod"],
      cases: cube(values),
      run: ({ x }) => tf.prod(x!, [0, -1], true),
      reference: reduced([0, 2], times),
    },
  ]),
  ...flags.map(
    ([exclusive, reverse]): PlainLaw => ({
      kernels: ["Cumsum"],
      cases: cube(),
      run: ({ x }) => tf.cumsum(x!, 1, exclusive, reverse),
      reference: cumulated(exclusive, reverse),
    }),
  ),
  {
    kernels: ["Softmax"],
    cases: cube(),
    run: ({ x }) => tf.softmax(x!),
    reference: ({ x }) =>
      elements(x!.shape, ([i, j, k]) => {
        const all = Array.from({ length: x!.shape[2]! }, (_, other) => Math.exp(at(x!, [i!, j!, other])));
        return all[k!]! / plus(all);
      }),
  },
  ...flags.map(([turnA, turnB]): PlainLaw => {
    const matrices = (a: string, b: string) =>
      opCases(
        { a: `${a} ${turnA ? "inner rows" : "rows inner"}`, b: `${b} ${turnB ? "columns inner" : "inner columns"}` },
        { sizes: { batch: { max: 3 } } },
      );
    return {
      kernels: ["BatchMatMul"],
      cases: fc.oneof(matrices("batch", "batch"), matrices("1", "batch"), matrices("batch", "1")),
      wrt: ["a", "b"],
      run: ({ a, b }) => tf.matMul(a!, b!, turnA, turnB),
      reference: product(turnA, turnB),
    };
  }),
];

plainLaws(reductionGradients, laws);

test("several largest elements share the gradient, so that it is one of the function", async () => {
  await cpu().start();
  const x = tf.tensor2d([
    [3, 1, 3],
    [2, 2, 2],
  ]);
  const { gradients } = valueAndGradients(() => tf.sum(tf.max(x, 1)) as tf.Scalar, { x });
  expect([...gradients.x!.dataSync()]).toBeCloseToArray([0.5, 0, 0.5, 1 / 3, 1 / 3, 1 / 3], { tolerance: 1e-7 });
});

test("the law notices a transposed factor, and a mean that is not divided", async () => {
  const sampled = (law: PlainLaw) => ({
    ...law,
    cases: fc.constantFrom(...fc.sample(law.cases, { numRuns: 5, seed: 1 })),
  });
  const mutant = async (kernel: string, law: PlainLaw, change: (dx: tf.Tensor) => tf.Tensor) => {
    const right = tf.getGradient(kernel);
    const register = (gradFunc: tf.GradFunc) => {
      tf.unregisterGradient(kernel);
      tf.registerGradient({ ...right, kernelName: kernel, gradFunc });
    };
    register((dy, saved, attributes) => {
      const gradients = right.gradFunc(dy, saved, attributes);
      return Object.fromEntries(Object.entries(gradients).map(([name, dx]) => [name, () => change(dx())]));
    });
    try {
      await expectMutantToFail(() => checkPlainLaw(sampled(law)));
    } finally {
      register(right.gradFunc);
    }
  };
  const square = { kernels: ["BatchMatMul"], wrt: ["a", "b"], reference: product(false, false) };
  await mutant(
    "BatchMatMul",
    { ...square, cases: opCases({ a: "1 5 5", b: "1 5 5" }), run: ({ a, b }) => tf.matMul(a!, b!) },
    (dx) => tf.transpose(dx, [0, 2, 1]),
  );
  await mutant("Mean", laws.find(({ kernels }) => kernels.includes("Mean"))!, (dx) => tf.mul(dx, 2));
});
