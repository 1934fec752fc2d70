import { ConfigError, ShapeError } from "@kindred/errors";
import { cpu, valueAndGradients } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, test } from "vitest";
import { geluLinear } from "./gelu-linear.ts";
import { linear } from "./linear.ts";
import { packWeight, unpackWeight, weightShape } from "./pack-weight.ts";
import { sum } from "./sum.ts";

beforeAll(() => cpu().start());

// Two panels of two lanes: packed[p, i, l] = weight[2p + l, i].
const weight = [
  [1, 2, 3],
  [4, 5, 6],
  [7, 8, 9],
  [10, 11, 12],
];
const panels = [
  [
    [1, 4],
    [2, 5],
    [3, 6],
  ],
  [
    [7, 10],
    [8, 11],
    [9, 12],
  ],
];

test("a packed weight is the matrix that it was made of, on any backend", () => {
  const packed = tf.tensor3d(panels);
  expect(weightShape(packed)).toEqual([4, 3]);
  expect(unpackWeight(packed).arraySync()).toEqual(weight);
  const x = tf.tensor2d([[1, 10, 100]]);
  expect(linear(x, packed as tf.Tensor).arraySync()).toEqual([[321, 654, 987, 1320]]);
});

test("where the backend has no better layout, packing is a copy", () => {
  const original = tf.tensor2d(weight);
  const packed: tf.Tensor = packWeight(original as tf.Tensor);
  original.dispose();
  expect(packed.arraySync()).toEqual(weight);
});

test("a packed weight is refused where a gradient is asked for, and where it does not fit", () => {
  const packed = tf.tensor3d(panels) as tf.Tensor;
  const x = tf.ones<tf.Rank.R2>([2, 3]) as tf.Tensor;
  for (const map of [linear, geluLinear]) {
    expect(() => valueAndGradients(() => sum(map(x, packed)), { x })).toThrow(ConfigError);
    expect(() => map(tf.ones([2, 2]), packed)).toThrow(ShapeError);
    expect(() => map(x, packed, tf.ones([3]))).toThrow(ShapeError);
  }
  expect(() => packWeight(packed)).toThrow(/packWeight: weight has rank 3/);
});
