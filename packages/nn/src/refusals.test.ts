import { ConfigError, ShapeError } from "@kindred/errors";
import { cpu, packed } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, test } from "vitest";
import * as nn from "./index.ts";

beforeAll(() => cpu().start());

const m = (rows: number, columns: number) => tf.zeros<tf.Rank.R2>([rows, columns]);
const v = (n: number) => tf.zeros<tf.Rank.R1>([n]);
const epsilon = 1e-5;
const layout = packed([2]);

const refused: [string, () => unknown, typeof ShapeError | typeof ConfigError, string][] = [
  ["linear: in", () => nn.linear(m(2, 3), m(4, 5)), ShapeError, 'weight "out in" = [4, 5]'],
  [
    "linear: bias",
    () => nn.linear(m(2, 3), m(4, 3), v(3)),
    ShapeError,
    "linear: axis 0 (out) of bias is 3 but 4 in weight",
  ],
  ["linear: no row", () => nn.linear(m(0, 3), m(4, 3)), ShapeError, "is empty"],
  ["linear: int32", () => nn.linear(tf.zeros([2, 3], "int32"), m(4, 3)), ShapeError, "int32"],
  ["matmulTransposed", () => nn.matmulTransposed(m(2, 3), m(4, 5)), ShapeError, "matmulTransposed"],
  ["add: shapes", () => nn.add(m(2, 3), m(3, 2)), ShapeError, "Got x [2,3], y [3,2]"],
  [
    "subtract: shapes",
    () => nn.subtract(m(2, 3), m(3, 2)),
    ShapeError,
    "subtract: shapes don't fit. Got x [2,3], y [3,2]",
  ],
  ["multiply: int32", () => nn.multiply(m(2, 3), tf.zeros([2, 3], "int32")), ShapeError, "multiply: shapes don't fit"],
  ["divide: nothing", () => nn.divide(m(0, 3), m(0, 3)), ShapeError, "divide: shapes don't fit. Got x [0,3]"],
  ["shift: constant", () => nn.shift(m(2, 3), Infinity), ShapeError, "and Infinity, expected a float32 tensor"],
  ["exp: nothing", () => nn.exp(m(0, 3)), ShapeError, "exp: no numbers. Got x [0,3]"],
  ["log: int32", () => nn.log(tf.zeros([2], "int32")), ShapeError, "log: no numbers. Got x [2] of int32"],
  ["relu: nothing", () => nn.relu(v(0)), ShapeError, "relu: no numbers"],
  ["absolute: nothing", () => nn.absolute(v(0)), ShapeError, "absolute: no numbers"],
  ["rowDot: rows", () => nn.rowDot(m(2, 3), m(4, 3)), ShapeError, "axis 0 (rows) of y is 4 but 2 in x"],
  ["logSumExp: a vector", () => nn.logSumExp(v(3) as tf.Tensor), ShapeError, "logSumExp: x has rank 1"],
  ["transpose: a vector", () => nn.transpose(v(3) as tf.Tensor), ShapeError, "transpose: x has rank 1"],
  [
    "sliceFeatures",
    () => nn.sliceFeatures(m(4, 2), 1, 2),
    ShapeError,
    "sliceFeatures: not a run of x's features. Got start 1",
  ],
  ["select: mask", () => nn.select(new Uint8Array(5), m(2, 3), m(2, 3)), ShapeError, "5 numbers of a mask"],
  ["select: two", () => nn.select(Uint8Array.of(0, 2), v(2), v(2)), ShapeError, "2 at 1"],
  ["scale: factor", () => nn.scale(m(2, 3), Number.NaN), ShapeError, "of float32 and NaN"],
  ["sum: nothing", () => nn.sum(m(0, 3)), ShapeError, "nothing to add up"],
  ["sum: int32", () => nn.sum(tf.ones([2], "int32")), ShapeError, "Got x [2] of int32, expected float32"],
  ["gelu: nothing", () => nn.gelu(m(0, 3)), ShapeError, "at least one element"],
  [
    "layerNorm: gamma",
    () => nn.layerNorm(m(2, 3), v(4), v(3), { epsilon }),
    ShapeError,
    "layerNorm: axis 0 (hidden) of gamma is 4",
  ],
  ["layerNorm: epsilon", () => nn.layerNorm(m(2, 3), v(3), v(3), { epsilon: -1 }), ConfigError, "bad epsilon. Got -1"],
  [
    "addLayerNorm",
    () => nn.addLayerNorm(m(2, 3), m(1, 3), v(3), v(3), { epsilon }),
    ShapeError,
    "residual is 1 but 2 in x",
  ],
  ["embedding: id", () => nn.embedding(Int32Array.of(0, 9), m(4, 2)), ShapeError, "Got id 9 at 1"],
  ["embedding: none", () => nn.embedding(Int32Array.of(), m(4, 2)), ShapeError, "Got no ids"],
  ["embedding: padding", () => nn.embedding(Int32Array.of(0), m(4, 2), { paddingId: 4 }), ConfigError, "Got 4"],
  ["gatherRows", () => nn.gatherRows(m(4, 2), Int32Array.of(-1)), ShapeError, "Got row -1 at 0"],
  ["sliceRows", () => nn.sliceRows(m(4, 2), 3, 2), ShapeError, "Got start 3, count 2"],
  ["concatRows: none", () => nn.concatRows([]), ShapeError, "Got none"],
  ["concatRows: hidden", () => nn.concatRows([m(1, 2), m(1, 3)]), ShapeError, "Got [1, 2], [1, 3]"],
  ["concatRows: int32", () => nn.concatRows([m(1, 2), tf.zeros([1, 2], "int32")]), ShapeError, "[1, 2], int32[1, 2]"],
  ["concatFeatures", () => nn.concatFeatures([m(1, 2), m(2, 2)]), ShapeError, "Got [1, 2], [2, 2]"],
  ["positionBias: even", () => nn.positionBias(m(3, 2), Int32Array.of(0, 0)), ShapeError, "Got 2 distances"],
  ["positionBias: bucket", () => nn.positionBias(m(3, 2), Int32Array.of(0, 3, 0)), ShapeError, "bucket 3 at 1"],
  ["meanPool", () => nn.meanPool(m(3, 2), { layout }), ShapeError, "meanPool: layout and rows don't fit"],
  ["segmentMax", () => nn.segmentMax(m(3, 2), { layout }), ShapeError, "segmentMax: layout and rows don't fit"],
  [
    "weightedPool",
    () => nn.weightedPool(m(2, 2), { layout, weights: new Float32Array(3) }),
    ShapeError,
    "Got 3 weights",
  ],
  ["l2Normalize", () => nn.l2Normalize(m(2, 2), { epsilon: 0 }), ConfigError, "bad epsilon. Got 0"],
  [
    "softmaxCrossEntropy: label",
    () => nn.softmaxCrossEntropy(m(2, 2), Int32Array.of(0, 2)),
    ShapeError,
    "with 2 at row 1",
  ],
  [
    "softmaxCrossEntropy: excluded",
    () => nn.softmaxCrossEntropy(m(1, 2), Int32Array.of(0), { excluded: Uint8Array.of(1, 0) }),
    ShapeError,
    "with 0 at row 0",
  ],
];

test.each(refused)("refuses, with the shapes or values in its words: %s", (_, call, type, message) => {
  expect(call).toThrow(type);
  expect(call).toThrow(message);
});
