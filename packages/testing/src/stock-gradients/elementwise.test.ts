import * as tf from "@tensorflow/tfjs-core";
import { apart, positive, stockLaw } from "../../test-support/stock-law.ts";

const erf = (x: number) => {
  // ∫ 2/√π e^(−t²) by Simpson's rule with 200 steps: 1e-9 for |x| ≤ 3.
  const h = x / 200;
  let sum = 1 + Math.exp(-x * x);
  for (let i = 1; i < 200; i++) sum += (i % 2 ? 4 : 2) * Math.exp(-((i * h) ** 2));
  return (2 / Math.sqrt(Math.PI)) * (h / 3) * sum;
};

const elementwise: [string, (x: tf.Tensor) => tf.Tensor, (x: number) => number][] = [
  ["Neg", tf.neg, (x) => -x],
  ["Square", tf.square, (x) => x * x],
  ["Sqrt", tf.sqrt, Math.sqrt],
  ["Rsqrt", tf.rsqrt, (x) => 1 / Math.sqrt(x)],
  ["Reciprocal", tf.reciprocal, (x) => 1 / x],
  ["Exp", tf.exp, Math.exp],
  ["Log", tf.log, Math.log],
  ["Log1p", tf.log1p, Math.log1p],
  ["Tanh", tf.tanh, Math.tanh],
  ["Sigmoid", tf.sigmoid, (x) => 1 / (1 + Math.exp(-x))],
  ["Relu", tf.relu, (x) => Math.max(x, 0)],
  ["Abs", tf.abs, Math.abs],
  ["ClipByValue", (x) => tf.clipByValue(x, -1.03, 1.03), (x) => Math.min(Math.max(x, -1.03), 1.03)],
  ["Cast", (x) => tf.mul(tf.cast(x, "float32"), 2), (x) => 2 * x],
  ["Identity", (x) => tf.mul(tf.clone(x), 2), (x) => 2 * x],
];
for (const [name, f, number] of elementwise) {
  const domain = ["Sqrt", "Rsqrt", "Log", "Log1p", "Reciprocal"].includes(name) ? positive : apart;
  stockLaw(
    name,
    { x: "i j" },
    { f: ({ x }) => f(x!), reference: ({ x }) => x!.values.map(number), values: { x: domain } },
  );
}

// tfjs's Erf is an approximation good to 1.5e-7, which is one rounding of values near 1.
stockLaw("Erf", { x: "i j" }, { f: ({ x }) => tf.erf(x!), reference: ({ x }) => x!.values.map(erf) });

const broadcast: [string, (a: tf.Tensor, b: tf.Tensor) => tf.Tensor, (a: number, b: number) => number][] = [
  ["Add", tf.add, (a, b) => a + b],
  ["Sub", tf.sub, (a, b) => a - b],
  ["Multiply", tf.mul, (a, b) => a * b],
  ["RealDiv", tf.div, (a, b) => a / b],
  ["SquaredDifference", tf.squaredDifference, (a, b) => (a - b) ** 2],
  ["Maximum", tf.maximum, Math.max],
  ["Minimum", tf.minimum, Math.min],
];
for (const [name, f, number] of broadcast) {
  stockLaw(
    name,
    { a: "i j", b: "j" },
    {
      f: ({ a, b }) => f(a!, b!),
      reference: ({ a, b }) => a!.values.map((value, at) => number(value, b!.values[at % b!.values.length]!)),
      // Never equal: a's values are multiples of 1/8, b's lie between.
      values: { b: (seed, count) => apart(seed, count).map((x) => x + 0.0625) },
    },
  );
}

stockLaw(
  "AddN",
  { a: "i j", b: "i j" },
  {
    f: ({ a, b }) => tf.addN([a!, b!, a!]),
    reference: ({ a, b }) => a!.values.map((v, n) => 2 * v + b!.values[n]!),
  },
);
stockLaw(
  "Select",
  { condition: "i j", a: "i j", b: "i j" },
  {
    f: ({ condition, a, b }) => tf.where(tf.cast(condition!, "bool"), a!, b!),
    reference: ({ condition, a, b }) => condition!.values.map((c, n) => (c ? a! : b!).values[n]!),
    values: { condition: (seed, count) => Int32Array.from({ length: count }, (_, n) => (seed >> (n % 8)) & 1) },
    wrt: ["a", "b"],
  },
);
