import { linear, transposedMatmulOp } from "@kindred/nn";
import { Graph } from "@kindred/stablehlo";
import { describePlugins } from "@kindred/testing";
import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { xla } from "../xla.ts";
import { product } from "./product.ts";

/** 1 + 2⁻⁹ is 1 in bfloat16, whose numbers have 8 bits; 2⁻⁹ itself is a number of it. */
const nearOne = 1 + 2 ** -9;
/** Rows whose first element rounds, the others not: sums of 257, which are no bfloat16, stay what they are. */
const rows = [
  [nearOne, 256, 1],
  [2 ** -9, -2, 3],
];
const ones = [[1, 1, 1]];

describePlugins("large products", ({ path }) => {
  test.each([
    ["float32", [nearOne + 257, 2 ** -9 + 1], [nearOne + 2 ** -9, 254, 4]],
    ["bfloat16", [258, 2 ** -9 + 1], [1 + 2 ** -9, 254, 4]],
  ] as const)("of %s round their factors so, and no sum", async (products, byRows, byColumns) => {
    const engine = await xla({ plugin: path, products, cacheFolder: false }).start();
    const x = tf.tensor2d(rows);
    expect([...linear(x, tf.tensor2d(ones)).dataSync()]).toEqual(byRows);
    expect([...transposedMatmulOp({ a: tf.ones([2, 1]), b: x }, {}, {}).dataSync()]).toEqual(byColumns);
    engine.stop();
  });
});

test("columns by columns are transposed row after row only where the compiler can", () => {
  const text = (rowMajor: boolean) => {
    const graph = new Graph();
    const [x, y] = [graph.parameter([2, 3]), graph.parameter([2, 4])];
    return graph.program([product(graph, x, y, [0, 0], { products: "bfloat16", replicas: 1, rowMajor })]).text;
  };
  expect(text(true)).toContain("LayoutConstraint");
  expect(text(true)).toContain("contracting_dims = [1] x [0]");
  expect(text(false)).not.toContain("LayoutConstraint");
  expect(text(false)).toContain("contracting_dims = [0] x [0]");
});
