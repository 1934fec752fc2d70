import { ConfigError } from "@kindred/errors";
import { matmulTransposed, scale, sum } from "@kindred/nn";
import { tfjs, valueAndGradients } from "@kindred/tensor";
import { expectMutantToFail, floatsFromSeed } from "@kindred/testing";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { type Loss, lossShare, weightedSum } from "./index.ts";

beforeAll(() => tfjs().start());

/** The mean product of all first texts with all of the last ones; `factor` times. */
const products = (factor: number): Loss => ({
  name: `products ${factor}`,
  options: { factor },
  over: "rows",
  needs: { texts: { least: 1 } },
  value: (columns, { totalRows, gather }) =>
    scale(sum(matmulTransposed(columns[0]!, gather(columns.at(-1)!))), factor / totalRows), // it has a column
});

/** A loss whose value is a weight of its own, times the rows' sum. */
const trained: Loss = {
  ...products(1),
  name: "trained",
  parameters: [{ name: "factor", shape: [1, 1], kind: "matrix" }],
  value: ([a], { parameters, totalRows }) =>
    scale(
      sum(
        matmulTransposed(a!, tf.mul(parameters["factor"] as tf.Tensor, tf.ones([1, a!.shape[1] ?? 0])) as tf.Tensor2D),
      ),
      1 / totalRows,
    ),
};

const parts = fc.array(fc.record({ factor: fc.constantFrom(-2, 0.5, 3), weight: fc.constantFrom(0.25, 1, 8) }), {
  minLength: 1,
  maxLength: 3,
});

type Part = { readonly factor: number; readonly weight: number };
const sumOf = (drawn: readonly Part[]) =>
  weightedSum(
    "both",
    drawn.map(({ factor, weight }) => ({ loss: products(factor), weight })),
  );

/** Holds a sum's value and gradient to those of its losses, added up by hand. */
function expectSum(both: Loss, drawn: readonly Part[], columns: readonly tf.Tensor2D[]): void {
  const of = (loss: Loss) => valueAndGradients(() => lossShare(loss, columns), { first: columns[0]! });
  const [total, one] = [of(both), of(products(1))];
  const factor = drawn.reduce((all, { factor, weight }) => all + factor * weight, 0);
  // Of products of up to 4, each weighed once more: a rounding for each of up to four sums and products.
  const close = (value: number, expected: number) =>
    expect(Math.abs(value - expected)).toBeLessThan(1e-5 * (1 + drawn.length * 24));
  close(total.value.dataSync()[0] ?? NaN, factor * (one.value.dataSync()[0] ?? NaN));
  for (const [i, value] of (total.gradients["first"]?.dataSync() ?? []).entries())
    close(value, factor * (one.gradients["first"]?.dataSync()[i] ?? NaN));
}

test("value and gradients are the sums of those of its losses, by weight", () => {
  fc.assert(
    fc.property(parts, fc.nat(1000), fc.integer({ min: 1, max: 3 }), (drawn, seed, rows) => {
      const columns = [0, 1].map((part) => tf.tensor2d(floatsFromSeed(seed + part, rows * 2), [rows, 2]));
      expectSum(sumOf(drawn), drawn, columns);
    }),
    { numRuns: 30 },
  );
  const [drawn, columns] = [[{ factor: 3, weight: 8 }], [tf.ones<tf.Rank.R2>([2, 2]), tf.ones<tf.Rank.R2>([2, 2])]];
  expectMutantToFail(() => expectSum(sumOf([{ factor: 3, weight: 8.01 }]), drawn, columns));
});

test("needs what its losses need together, and keeps each one's own weights apart", () => {
  const scored: Loss = { ...products(1), needs: { texts: { least: 2, most: 3 }, scores: "row", vectors: ["guide"] } };
  const taught: Loss = {
    ...products(1),
    needs: { texts: { least: 1 }, vectors: ["teacher"], dimensions: { teacher: 4 } },
  };
  expect(
    weightedSum("all", [
      { loss: scored, weight: 1 },
      { loss: taught, weight: 2 },
    ]).needs,
  ).toEqual({
    texts: { least: 2, most: 3 },
    scores: "row",
    vectors: ["guide", "teacher"],
    dimensions: { teacher: 4 },
  });
  const both = weightedSum("sum", [
    { loss: trained, weight: 1 },
    { loss: trained, weight: 10 },
  ]);
  expect(both.parameters?.map(({ name }) => name)).toEqual(["0.factor", "1.factor"]);
  const parameters = { "0.factor": tf.tensor2d([[3]]), "1.factor": tf.tensor2d([[5]]) };
  const rows = [tf.tensor2d([[1, 1]])];
  expect(lossShare(both, rows, { parameters }).dataSync()[0]).toBe(2 * 3 + 10 * 2 * 5);
  expect(both.options).toEqual({
    losses: [trained, trained].map(({ name, options }) => ({ name, options })),
    weights: [1, 10],
  });
});

test.each([
  ["a sum of no losses", []],
  ["the weight of products 1 is out of range. Got 0", [{ loss: products(1), weight: 0 }]],
  [
    "products 1 is over rows, products 2 over batch",
    [
      { loss: products(1), weight: 1 },
      { loss: { ...products(2), over: "batch" as const }, weight: 1 },
    ],
  ],
  [
    "one of its losses takes 1 texts at most, another 2 at least",
    [
      { loss: { ...products(1), needs: { texts: { least: 1, most: 1 } } }, weight: 1 },
      { loss: { ...products(1), needs: {} }, weight: 1 },
    ],
  ],
  [
    "its losses need other scores: row and margin",
    [
      { loss: { ...products(1), needs: { scores: "row" as const } }, weight: 1 },
      { loss: { ...products(1), needs: { scores: "margin" as const } }, weight: 1 },
    ],
  ],
  [
    "its losses need vectors of teacher of other lengths: 4 and 3",
    [4, 3].map((teacher) => ({ loss: { ...products(1), needs: { dimensions: { teacher } } }, weight: 1 })),
  ],
])("refuses: %s", (message, given) => {
  expect(() => weightedSum("both", given)).toThrow(ConfigError);
  expect(() => weightedSum("both", given)).toThrow(`both: ${message}`);
});
