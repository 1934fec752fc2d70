import { floatsFromSeed, opCases, expectMutantToFail } from "@kindred/testing";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { at, checkPlainLaw, elements, type PlainLaw, plainLaws } from "../../test-support/plain-laws.ts";
import { cpu, valueAndGradients } from "../index.ts";
import { elementwiseGradients } from "./elementwise.ts";

type Values = (seed: number, count: number) => Float32Array;
const mapped =
  (f: (x: number) => number): Values =>
  (seed, count) =>
    floatsFromSeed(seed, count).map(f);

// From −2 … 2: what the function takes, away from its kinks.
const any = mapped((x) => x);
const awayFromZero = mapped((x) => x + Math.sign(x || 1) * 0.25);
const positive = mapped((x) => Math.abs(x) + 0.25);
const aboveOne = mapped((x) => Math.abs(x) + 1.25);
const belowOne = mapped((x) => x * 0.45);
const betweenSteps = mapped((x) => Math.floor(x) + 0.25);

/** erf(x) = 2/√π·e^(−x²)·Σ 2ⁿx²ⁿ⁺¹/(2n + 1)!!, whose terms have one sign (Abramowitz and Stegun, 7.1.6). */
function erf(x: number): number {
  let [sum, term] = [0, x];
  for (let n = 0; n < 100; n++) {
    sum += term;
    term *= (2 * x * x) / (2 * n + 3);
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

type Unary = [kernel: string, values: Values, run: (x: tf.Tensor) => tf.Tensor, reference: (x: number) => number];
const unary: Unary[] = [
  ["Abs", awayFromZero, tf.abs, Math.abs],
  ["Acos", belowOne, tf.acos, Math.acos],
  ["Acosh", aboveOne, tf.acosh, Math.acosh],
  ["Asin", belowOne, tf.asin, Math.asin],
  ["Asinh", any, tf.asinh, Math.asinh],
  ["Atan", any, tf.atan, Math.atan],
  ["Atanh", belowOne, tf.atanh, Math.atanh],
  ["Cast", any, (x) => tf.cast(x, "float32"), (x) => x],
  ["Ceil", betweenSteps, tf.ceil, Math.ceil],
  ["ClipByValue", betweenSteps, (x) => tf.clipByValue(x, -1.1, 0.7), (x) => Math.min(0.7, Math.max(-1.1, x))],
  ["Cos", any, tf.cos, Math.cos],
  ["Cosh", any, tf.cosh, Math.cosh],
  ["Elu", awayFromZero, tf.elu, (x) => (x > 0 ? x : Math.expm1(x))],
  ["Erf", any, tf.erf, erf],
  ["Exp", any, tf.exp, Math.exp],
  ["Expm1", any, tf.expm1, Math.expm1],
  ["Floor", betweenSteps, tf.floor, Math.floor],
  ["Identity", any, (x) => tf.clone(x), (x) => x],
  ["LeakyRelu", awayFromZero, (x) => tf.leakyRelu(x, 0.3), (x) => (x > 0 ? x : 0.3 * x)],
  ["Log", positive, tf.log, Math.log],
  ["Log1p", positive, tf.log1p, Math.log1p],
  ["Neg", any, tf.neg, (x) => -x],
  ["OnesLike", any, tf.onesLike, () => 1],
  ["Reciprocal", awayFromZero, tf.reciprocal, (x) => 1 / x],
  ["Relu", awayFromZero, tf.relu, (x) => Math.max(0, x)],
  ["Relu6", mapped((x) => 6 * Math.floor(x) + 1), tf.relu6, (x) => Math.min(6, Math.max(0, x))],
  ["Round", betweenSteps, tf.round, Math.round],
  ["Rsqrt", positive, tf.rsqrt, (x) => 1 / Math.sqrt(x)],
  ["Selu", awayFromZero, tf.selu, (x) => 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * Math.expm1(x))],
  ["Sigmoid", any, tf.sigmoid, (x) => 1 / (1 + Math.exp(-x))],
  ["Sign", awayFromZero, tf.sign, Math.sign],
  ["Sin", any, tf.sin, Math.sin],
  ["Sinh", any, tf.sinh, Math.sinh],
  ["Softplus", any, tf.softplus, (x) => Math.log1p(Math.exp(x))],
  ["Sqrt", positive, tf.sqrt, Math.sqrt],
  ["Square", any, tf.square, (x) => x * x],
  ["Step", awayFromZero, (x) => tf.step(x), (x) => (x > 0 ? 1 : 0)],
  ["Tan", belowOne, tf.tan, Math.tan],
  ["Tanh", any, tf.tanh, Math.tanh],
  ["ZerosLike", any, tf.zerosLike, () => 0],
];

/** Two inputs of one shape, or broadcast: a row, a column against a row, a scalar. */
const pairs = (a: Values, b: Values) =>
  fc.oneof(
    ...[
      { a: "rows columns", b: "rows columns" },
      { a: "rows columns", b: "columns" },
      { a: "1 columns", b: "rows 1" },
      { a: "", b: "rows columns" },
      { a: "rows 1 columns", b: "middle 1" },
    ].map((axes) =>
      opCases(axes, { values: { a, b }, sizes: { rows: { max: 7 }, columns: { max: 9 }, middle: { max: 5 } } }),
    ),
  );

type Binary = [
  kernel: string,
  values: readonly [Values, Values],
  run: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor,
  reference: (a: number, b: number) => number,
];
const binary: Binary[] = [
  ["Add", [any, any], tf.add, (a, b) => a + b],
  ["Sub", [any, any], tf.sub, (a, b) => a - b],
  ["Multiply", [any, any], tf.mul, (a, b) => a * b],
  ["RealDiv", [any, awayFromZero], tf.div, (a, b) => a / b],
  ["SquaredDifference", [any, any], tf.squaredDifference, (a, b) => (a - b) ** 2],
  // Never equal: a stands off the grid on which b is.
  ["Maximum", [betweenSteps, mapped(Math.floor)], tf.maximum, Math.max],
  ["Minimum", [betweenSteps, mapped(Math.floor)], tf.minimum, Math.min],
  ["Pow", [positive, any], tf.pow, (a, b) => a ** b],
  ["Mod", [betweenSteps, mapped((x) => (x < 0 ? 0.9 : 1.7))], tf.mod, (a, b) => a - b * Math.floor(a / b)],
  ["Atan2", [awayFromZero, positive], tf.atan2, Math.atan2],
  ["FloorDiv", [betweenSteps, mapped((x) => (x < 0 ? 0.9 : 1.7))], tf.floorDiv, (a, b) => Math.floor(a / b)],
];

const broadcast = (a: readonly number[], b: readonly number[]) =>
  tf.backend_util.assertAndGetBroadcastShape([...a], [...b]);

const laws: PlainLaw[] = [
  ...unary.map(
    ([kernel, values, run, reference]): PlainLaw => ({
      kernels: [kernel],
      cases: opCases({ x: "rows columns" }, { values: { x: values } }),
      run: ({ x }) => run(x!),
      reference: ({ x }) => x!.values.map(reference),
    }),
  ),
  ...binary.map(
    ([kernel, [a, b], run, reference]): PlainLaw => ({
      kernels: [kernel],
      cases: pairs(a, b),
      wrt: ["a", "b"],
      run: ({ a, b }) => run(a!, b!),
      reference: ({ a, b }) =>
        elements(broadcast(a!.shape, b!.shape), (index) => reference(at(a!, index), at(b!, index))),
    }),
  ),
  {
    kernels: ["AddN"],
    cases: opCases({ x: "rows", y: "rows", z: "rows" }),
    wrt: ["x", "y", "z"],
    run: ({ x, y, z }) => tf.addN([x!, y!, z!]),
    reference: ({ x, y, z }) => x!.values.map((value, i) => value + y!.values[i]! + z!.values[i]!),
  },
  {
    kernels: ["Prelu"],
    cases: opCases({ x: "rows columns", alpha: "columns" }, { values: { x: awayFromZero } }),
    wrt: ["x", "alpha"],
    run: ({ x, alpha }) => tf.prelu(x!, alpha!),
    reference: ({ x, alpha }) =>
      elements(x!.shape, (index) => (at(x!, index) > 0 ? at(x!, index) : at(alpha!, index) * at(x!, index))),
  },
  {
    kernels: ["Select"],
    cases: opCases({ x: "rows columns", y: "columns" }),
    wrt: ["x", "y"],
    run: ({ x, y }) => tf.where(tf.greater(tf.range(0, x!.shape[1]!), 2), x!, y!),
    reference: ({ x, y }) => elements(x!.shape, (index) => (index[1]! > 2 ? at(x!, index) : at(y!, index))),
  },
];

plainLaws(elementwiseGradients, laws);

test("the law notices a gradient of the wrong sign, and one that forgets to undo a broadcast's sum", async () => {
  const law = laws.find(({ kernels }) => kernels.includes("Sub"))!;
  const [small] = [{ ...law, cases: fc.constantFrom(...fc.sample(law.cases, { numRuns: 5, seed: 1 })) }];
  const right = tf.getGradient("Sub");
  const register = (gradFunc: tf.GradFunc) => {
    tf.unregisterGradient("Sub");
    tf.registerGradient({ ...right, kernelName: "Sub", gradFunc });
  };
  try {
    register((_dy, saved) => {
      const [a, b] = saved.map(({ shape }) => shape);
      return { a: () => tf.fill(a!, 1), b: () => tf.neg(tf.fill(b!, 1)) };
    });
    await expectMutantToFail(() => checkPlainLaw(small));
    register((dy, [a, b]) => right.gradFunc(tf.neg(dy as tf.Tensor), [a!, b!], {}));
    await expectMutantToFail(() => checkPlainLaw(small));
  } finally {
    register(right.gradFunc);
  }
});

test("0 to a power has a gradient that is finite where the function has one", async () => {
  await cpu().start();
  const a = tf.tensor1d([0, 0, 0, -2]);
  const b = tf.tensor1d([0, 1, 2, 3]);
  const { gradients } = valueAndGradients(() => tf.sum(tf.pow(a, b)) as tf.Scalar, { a, b });
  expect([...gradients.a!.dataSync()]).toEqual([0, 1, 0, 12]);
  expect([...gradients.b!.dataSync()]).toEqual([0, 0, 0, -0]);
});
