import { floatsFromSeed, type Numbers, opCases } from "@kindred/testing";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { checkPlainLaw, type PlainLaw } from "../../test-support/plain-laws.ts";
import { ConfigError } from "@kindred/errors";
import { cpu, type Float, valueAndGradients } from "../index.ts";

type Reference = { readonly [name: string]: Numbers };

// Losses as people write them in plain tfjs, and what they compute, over rows of float64.
const rowsOf = ({ shape: [rows = 0, columns = 0], values }: Numbers) =>
  Array.from({ length: rows }, (_, i) => [...values.subarray(i * columns, (i + 1) * columns)]);
const plus = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);
const mean = (values: readonly number[]) => plus(values) / values.length;
const logSumExp = (row: readonly number[]) => Math.log(plus(row.map(Math.exp)));
const distance = (a: readonly number[], b: readonly number[]) => plus(a.map((x, i) => (x - b[i]!) ** 2));
const dot = (a: readonly number[], b: readonly number[]) => plus(a.map((x, i) => x * b[i]!));
const norm = (a: readonly number[]) => Math.sqrt(dot(a, a));

const shifted = (seed: number, count: number) => floatsFromSeed(seed, count).map((x) => x + 3);
const columns = opCases(
  { a: "batch hidden", b: "batch hidden", c: "batch hidden" },
  { values: { c: shifted }, sizes: { batch: { is: 4 }, hidden: { is: 7 } } },
);
const pairs =
  (reduce: (a: readonly number[], b: readonly number[], c: readonly number[]) => number) =>
  ({ a, b, c }: Reference) => {
    const [as, bs, cs] = [a, b, c].map((x) => rowsOf(x!));
    return [mean(as!.map((row, i) => reduce(row, bs![i]!, cs![i]!)))];
  };

const losses: [title: string, run: PlainLaw["run"], reference: PlainLaw["reference"], wrt: string[]][] = [
  [
    "triplet with a margin",
    ({ a, b, c }) =>
      tf.mean(
        tf.relu(tf.add(tf.sub(tf.sum(tf.squaredDifference(a!, b!), 1), tf.sum(tf.squaredDifference(a!, c!), 1)), 5)),
      ),
    pairs((a, b, c) => Math.max(0, distance(a, b) - distance(a, c) + 5)),
    ["a", "b", "c"],
  ],
  [
    "cosine of rows",
    ({ a, c }) =>
      tf.mean(tf.div(tf.sum(tf.mul(a!, c!), -1), tf.mul(tf.norm(tf.add(a!, 5), 2, -1), tf.norm(c!, "euclidean", -1)))),
    pairs((a, _, c) => dot(a, c) / norm(a.map((x) => x + 5)) / norm(c)),
    ["a", "c"],
  ],
  ["log-sum-exp", ({ a }) => tf.mean(tf.logSumExp(a!, -1)), pairs((a) => logSumExp(a)), ["a"]],
  [
    "log-softmax of the first",
    ({ a }) => tf.mean(tf.gather(tf.logSoftmax(a!), tf.scalar(0, "int32"), 1)),
    pairs((a) => a[0]! - logSumExp(a)),
    ["a"],
  ],
  [
    "tf.losses.meanSquaredError",
    ({ a, b }) => tf.losses.meanSquaredError(a!, b!),
    pairs((a, b) => distance(a, b) / a.length),
    ["a", "b"],
  ],
  [
    "tf.losses.huberLoss",
    ({ a, c }) => tf.losses.huberLoss(a!, c!, undefined, 2.5),
    pairs((a, _, c) =>
      mean(
        a.map((x, i) => {
          const d = Math.abs(x - c[i]!);
          return d <= 2.5 ? (d * d) / 2 : 2.5 * d - 2.5 ** 2 / 2;
        }),
      ),
    ),
    ["c"],
  ],
  [
    "tf.losses.sigmoidCrossEntropy",
    ({ c }) => tf.losses.sigmoidCrossEntropy(tf.onesLike(c!), c!),
    pairs((_a, _b, c) => mean(c.map((x) => Math.log1p(Math.exp(-x))))),
    ["c"],
  ],
  [
    "tf.losses.cosineDistance",
    ({ a, b }) => tf.losses.cosineDistance(a!, b!, 1),
    pairs((a, b) => 1 - dot(a, b)),
    ["a", "b"],
  ],
  [
    "a cross entropy over all pairs",
    ({ a, c }) => {
      const logits = tf.matMul(a!, c!, false, true);
      const labels = tf.eye(a!.shape[0]!);
      return tf.neg(tf.mean(tf.sum(tf.mul(tf.logSoftmax(logits), labels), 1)));
    },
    ({ a, c }) => {
      const [as, cs] = [rowsOf(a!), rowsOf(c!)];
      return [mean(as.map((row, i) => logSumExp(cs.map((other) => dot(row, other))) - dot(row, cs[i]!)))];
    },
    ["a", "c"],
  ],
];

describe("a loss in plain tfjs", () => {
  test.each(losses)("%s: value and gradients are the float64 reference's", async (title, run, reference, wrt) => {
    // Among so many calls there is one whose loss is not close to 0, where a tolerance relative to it would hide errors.
    await checkPlainLaw({ kernels: [title], cases: columns, wrt, runs: 30, run, reference });
  });
});

test("an op without a gradient is refused by its name, with what to write instead, and only where the value depends on it", async () => {
  await cpu().start();
  const x: Float = tf.tensor1d([1, 2]);
  const y: Float = tf.tensor1d([1, 2]);
  const product = () => tf.sum(tf.mul(tf.cumprod(x), y)) as Float<"">;
  expect(() => valueAndGradients(product, { x })).toThrow(ConfigError);
  expect(() => valueAndGradients(product, { x })).toThrow(
    "valueAndGradients: an op has no gradient. Got Cumprod between a parameter and the value, expected ops of @kindred/nn, or those of " +
      "tfjs that have one. Of positive numbers it is tf.exp(tf.cumsum(tf.log(x))), wrap it in tf.customGrad, or define an op by defineOp.",
  );
  expect([...valueAndGradients(product, { y }).gradients.y!.dataSync()]).toEqual([1, 2]);
});
