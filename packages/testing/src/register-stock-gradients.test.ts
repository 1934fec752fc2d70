import * as tf from "@tensorflow/tfjs-core";
import { differentiateByTfjs } from "./op-evaluation.ts";
import { type Numbers, type OpInput, opCases, opLaw } from "./index.ts";

// The gradients under test are those of plain functions of tensors, held against central differences of plain functions of numbers.
const engine = {
  startBackend: async () => {
    await import("@tensorflow/tfjs-backend-cpu");
    await tf.setBackend("cpu");
  },
  valueAndGradients: differentiateByTfjs,
};

type Tensors = { [name: string]: tf.Tensor };
type Reference = (inputs: { readonly [name: string]: Numbers }) => ArrayLike<number>;

function stockLaw(
  name: string,
  axes: { readonly [input: string]: string },
  {
    f,
    reference,
    values,
    wrt,
  }: { f: (x: Tensors) => tf.Tensor; reference: Reference; values?: Values; wrt?: string[] },
): void {
  const op = Object.assign((inputs: Tensors) => tf.tidy(() => f(inputs)), { op: { name, composite: f } });
  const cases = opCases(axes, { sizes: { i: { max: 7 }, j: { max: 5 }, k: { max: 4 } }, ...(values && { values }) });
  opLaw(engine, { op, cases, wrt: wrt ?? Object.keys(axes), reference, runs: 5 }, { backends: ["cpu"] });
}
type Values = {
  [input: string]: (seed: number, count: number, sizes: { readonly [axis: string]: number }) => OpInput["values"];
};

/** Distinct values away from 0, so that kinks and poles are far: ±0.5, ±0.625, … in an order that depends on the seed. */
const apart = (seed: number, count: number) =>
  Float32Array.from(
    { length: count },
    (_, i) => (0.5 + ((i * 7 + seed) % count) / 8) * (Math.imul(i + seed, 0x9e3779b1) < 0 ? -1 : 1),
  );
const positive = (seed: number, count: number) => apart(seed, count).map(Math.abs);

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

/** Sums over one axis of `[i, j]` or all, by a function of a list. */
const reduced = (x: Numbers, axis: 0 | 1, of: (list: number[]) => number) => {
  const [rows, columns] = x.shape as [number, number];
  const lists = Array.from({ length: axis === 1 ? rows : columns }, (_, at) =>
    Array.from(
      { length: axis === 1 ? columns : rows },
      (_, k) => x.values[axis === 1 ? at * columns + k : k * columns + at]!,
    ),
  );
  return lists.map(of);
};
const total = (list: ArrayLike<number>) => Array.from(list).reduce((sum, x) => sum + x, 0);

stockLaw("Sum", { x: "i j" }, { f: ({ x }) => tf.sum(x!, 1), reference: ({ x }) => reduced(x!, 1, total) });
stockLaw("Sum of all", { x: "i j" }, { f: ({ x }) => tf.sum(x!), reference: ({ x }) => [total(x!.values)] });
stockLaw(
  "Mean",
  { x: "i j" },
  { f: ({ x }) => tf.mean(x!, 0, true), reference: ({ x }) => reduced(x!, 0, (l) => total(l) / l.length) },
);
stockLaw(
  "Max",
  { x: "i j" },
  {
    f: ({ x }) => tf.max(x!, 1),
    reference: ({ x }) => reduced(x!, 1, (l) => Math.max(...l)),
    values: { x: apart },
  },
);
stockLaw(
  "Min",
  { x: "i j" },
  {
    f: ({ x }) => tf.min(x!, 0),
    reference: ({ x }) => reduced(x!, 0, (l) => Math.min(...l)),
    values: { x: apart },
  },
);
const exponentials = (x: Numbers) => {
  const sums = reduced(x, 1, (l) => total(l.map(Math.exp)));
  return x.values.map((value, at) => Math.exp(value) / sums[Math.floor(at / x.shape[1]!)]!);
};
stockLaw("Softmax", { x: "i j" }, { f: ({ x }) => tf.softmax(x!), reference: ({ x }) => exponentials(x!) });
stockLaw(
  "LogSoftmax",
  { x: "i j" },
  { f: ({ x }) => tf.logSoftmax(x!), reference: ({ x }) => exponentials(x!).map(Math.log) },
);

const at = ({ shape, values }: Numbers, i: number, j: number) => values[i * shape[1]! + j]!;
const table = (rows: number, columns: number, of: (i: number, j: number) => number) =>
  Float64Array.from({ length: rows * columns }, (_, n) => of(Math.floor(n / columns), n % columns));
const product = (a: Numbers, b: Numbers, [turnA, turnB]: [boolean, boolean]) => {
  const [rows, inner] = turnA ? [a.shape[1]!, a.shape[0]!] : [a.shape[0]!, a.shape[1]!];
  return table(rows, turnB ? b.shape[0]! : b.shape[1]!, (i, j) =>
    total(
      Array.from(
        { length: inner },
        (_, k) => (turnA ? at(a, k, i) : at(a, i, k)) * (turnB ? at(b, j, k) : at(b, k, j)),
      ),
    ),
  );
};
for (const turns of [
  [false, false],
  [true, false],
  [false, true],
  [true, true],
] as [boolean, boolean][]) {
  stockLaw(
    `BatchMatMul ${turns}`,
    { a: turns[0] ? "k i" : "i k", b: turns[1] ? "j k" : "k j" },
    {
      f: ({ a, b }) => tf.matMul(a!, b!, ...turns),
      reference: ({ a, b }) => product(a!, b!, turns),
    },
  );
}
// A product of a stack of matrices with one matrix, that is, with b broadcast.
stockLaw(
  "BatchMatMul broadcast",
  { a: "2 i k", b: "1 k j" },
  {
    f: ({ a, b }) => tf.matMul(a!, b!),
    reference: ({ a, b }) => {
      const [, rows, inner] = a!.shape as [number, number, number];
      const flat = { shape: [2 * rows, inner], values: a!.values };
      return product(flat, { shape: b!.shape.slice(1), values: b!.values }, [false, false]);
    },
  },
);

stockLaw(
  "Transpose",
  { x: "i j k" },
  {
    f: ({ x }) => tf.transpose(x!, [2, 0, 1]),
    reference: ({ x }) => {
      const [a, b, c] = x!.shape as [number, number, number];
      return Float64Array.from({ length: a * b * c }, (_, n) => {
        const [k, i, j] = [Math.floor(n / (a * b)), Math.floor(n / b) % a, n % b];
        return x!.values[(i * b + j) * c + k]!;
      });
    },
  },
);
stockLaw(
  "Reshape",
  { x: "i j" },
  { f: ({ x }) => tf.mul(tf.reshape(x!, [-1]), 3), reference: ({ x }) => x!.values.map((v) => 3 * v) },
);
stockLaw("ExpandDims", { x: "i j" }, { f: ({ x }) => tf.expandDims(x!, 1), reference: ({ x }) => x!.values });
stockLaw(
  "Slice",
  { x: "7 j" },
  {
    f: ({ x }) => tf.slice(x!, [2, 0], [3, -1]),
    reference: ({ x }) => table(3, x!.shape[1]!, (i, j) => at(x!, i + 2, j)),
  },
);
stockLaw(
  "PadV2",
  { x: "i j" },
  {
    f: ({ x }) =>
      tf.pad(
        x!,
        [
          [2, 1],
          [0, 3],
        ],
        9,
      ),
    reference: ({ x }) =>
      table(x!.shape[0]! + 3, x!.shape[1]! + 3, (i, j) =>
        i < 2 || i >= x!.shape[0]! + 2 || j >= x!.shape[1]! ? 9 : at(x!, i - 2, j),
      ),
  },
);
stockLaw(
  "Concat",
  { a: "i j", b: "k j" },
  {
    f: ({ a, b }) => tf.concat([a!, b!, a!], 0),
    reference: ({ a, b }) => [...a!.values, ...b!.values, ...a!.values],
  },
);
stockLaw(
  "AddN",
  { a: "i j", b: "i j" },
  {
    f: ({ a, b }) => tf.addN([a!, b!, a!]),
    reference: ({ a, b }) => a!.values.map((v, n) => 2 * v + b!.values[n]!),
  },
);
stockLaw(
  "Pack and Unpack",
  { x: "3 j" },
  {
    f: ({ x }) => {
      const [first, second, third] = tf.unstack(x!);
      return tf.stack([tf.mul(third!, first!), second!]);
    },
    reference: ({ x }) => table(2, x!.shape[1]!, (i, j) => (i === 0 ? at(x!, 2, j) * at(x!, 0, j) : at(x!, 1, j))),
  },
);
stockLaw(
  "SplitV",
  { x: "5 j" },
  {
    f: ({ x }) => {
      const [head, tail] = tf.split(x!, [2, 3]);
      return tf.concat([tf.square(tail!), head!], 0);
    },
    reference: ({ x }) => table(5, x!.shape[1]!, (i, j) => (i < 3 ? at(x!, i + 2, j) ** 2 : at(x!, i - 3, j))),
  },
);
const ids: Values = {
  ids: (seed, count, { i }) => Int32Array.from({ length: count }, (_, n) => (seed + n * n) % i!),
  condition: (seed, count) => Int32Array.from({ length: count }, (_, n) => (seed >> (n % 8)) & 1),
};
stockLaw(
  "GatherV2",
  { x: "i j", ids: "9" },
  {
    f: ({ x, ids }) => tf.gather(x!, ids!),
    reference: ({ x, ids }) => table(9, x!.shape[1]!, (n, j) => at(x!, ids!.values[n]!, j)),
    values: ids,
    wrt: ["x"],
  },
);
stockLaw(
  "UnsortedSegmentSum",
  { x: "9 j", ids: "9", count: "i" },
  {
    f: ({ x, ids, count }) => tf.unsortedSegmentSum(x!, ids as tf.Tensor1D, count!.size),
    reference: ({ x, ids, count }) => {
      const sums = table(count!.values.length, x!.shape[1]!, () => 0);
      for (const [n, v] of x!.values.entries())
        sums[ids!.values[Math.floor(n / x!.shape[1]!)]! * x!.shape[1]! + (n % x!.shape[1]!)]! += v;
      return sums;
    },
    values: ids,
    wrt: ["x"],
  },
);
stockLaw(
  "Select",
  { condition: "i j", a: "i j", b: "i j" },
  {
    f: ({ condition, a, b }) => tf.where(tf.cast(condition!, "bool"), a!, b!),
    reference: ({ condition, a, b }) => condition!.values.map((c, n) => (c ? a! : b!).values[n]!),
    values: ids,
    wrt: ["a", "b"],
  },
);
