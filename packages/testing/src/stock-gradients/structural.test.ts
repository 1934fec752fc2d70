import * as tf from "@tensorflow/tfjs-core";
import { apart, at, stockLaw, table, type Values } from "../../test-support/stock-law.ts";
import type { Numbers } from "../numbers.ts";

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
const values: Values = {
  ids: (seed, count, { i }) => Int32Array.from({ length: count }, (_, n) => (seed + n * n) % i!),
};
stockLaw(
  "GatherV2",
  { x: "i j", ids: "9" },
  {
    f: ({ x, ids }) => tf.gather(x!, ids!),
    reference: ({ x, ids }) => table(9, x!.shape[1]!, (n, j) => at(x!, ids!.values[n]!, j)),
    values,
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
    values,
    wrt: ["x"],
  },
);
