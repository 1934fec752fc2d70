import { ShapeError } from "@kindred/errors";
import { expect, test } from "vitest";
import { Graph } from "./index.ts";

const graph = new Graph();
const x = graph.parameter([2, 3]);
const whole = graph.parameter([2, 3], "i32");
const scalar = graph.parameter([], "i32");
const ids = graph.parameter([4], "i32");
const other = new Graph().parameter([2, 3]);
const fork = graph.fork(1);
const afterFork = graph.parameter([5]);

const refused: readonly (readonly [title: string, call: () => unknown, message: string])[] = [
  [
    "a shape that is none",
    () => graph.parameter([2, -1]),
    "parameter: no shape. Got shape [2, -1], expected whole numbers from 0 on.",
  ],
  [
    "a half",
    () => graph.constant(0.5, "i32"),
    "constant: i32 cannot hold it. Got value 0.5, expected a whole number from -2147483648 to 2147483647.",
  ],
  [
    "true and a half",
    () => graph.values([2], [1], "i1"),
    "values: i1 cannot hold it. Got value 2, expected a whole number from 0 to 1.",
  ],
  [
    "too few numbers",
    () => graph.values([1, 2], [3]),
    "values: not one number an element. Got numbers 2, shape [3], expected 3 numbers.",
  ],
  [
    "an axis that is not there",
    () => graph.iota([2], 1),
    "iota: no such axis. Got axis 1, shape [2], expected an axis below 1.",
  ],
  [
    "counting in truths",
    () => graph.iota([2], 0, "i1"),
    "iota: i1 does not count. Got type i1, expected another type.",
  ],
  [
    "a function of whole numbers",
    () => graph.unary("exponential", whole),
    "exponential: it does not take i32. Got x i32 [2, 3], expected f32.",
  ],
  [
    "two types",
    () => graph.binary("add", x, whole),
    "add: two element types. Got x f32 [2, 3], y i32 [2, 3], expected one: convert one of them.",
  ],
  ["two numbers", () => graph.binary("add", 1, 2), "add: two numbers. Got x 1, y 2, expected at least one value."],
  ["a number that the other's type can't hold", () => graph.binary("add", whole, 0.5), "constant: i32 cannot hold it."],
  [
    "shapes that do not broadcast",
    () => graph.compare("LT", x, graph.parameter([2])),
    "compare: the shapes do not broadcast. Got x [2, 3], y [2], expected the same length on each axis, or 1.",
  ],
  ["bits of floats", () => graph.binary("xor", x, x), "xor: it does not take f32."],
  ["choosing by numbers", () => graph.select(x, x, x), "select: it does not take f32. Got x f32 [2, 3], expected i1."],
  [
    "bits of another width",
    () => graph.bitcast(x, "bf16"),
    "bitcast: two widths. Got x f32 [2, 3], type bf16, expected both of f32, i32, ui32.",
  ],
  [
    "another number of elements",
    () => graph.reshape(x, [4]),
    "reshape: another number of elements. Got x f32 [2, 3], shape [4], expected 6 elements.",
  ],
  [
    "repeating to fewer",
    () => graph.broadcastTo(x, [3]),
    "broadcastTo: it does not broadcast so. Got x f32 [2, 3], shape [3],",
  ],
  [
    "an axis twice",
    () => graph.transpose(x, [0, 0]),
    "transpose: not axes of it. Got x f32 [2, 3], axes [0, 0], expected different numbers from 0 to 1.",
  ],
  [
    "an axis too few",
    () => graph.transpose(x, [0]),
    "transpose: not one entry an axis. Got x f32 [2, 3], order 1, expected 2 order.",
  ],
  [
    "a slice outside",
    () => graph.slice(x, [1, 0], [2, 3]),
    "slice: it reaches outside. Got x f32 [2, 3], starts [1, 0], sizes [2, 3], strides [1, 1], expected a part of x.",
  ],
  [
    "a start that is a float",
    () => graph.dynamicSlice(x, [scalar, x], [1, 1]),
    "dynamicSlice: a start is no whole number. Got start f32 [2, 3], expected i32 [].",
  ],
  [
    "a part larger than the whole",
    () => graph.dynamicSlice(x, [scalar, scalar], [3, 1]),
    "dynamicSlice: larger than what it is a part of. Got x f32 [2, 3], sizes [3, 1], expected sizes up to x's.",
  ],
  [
    "padding away",
    () => graph.pad(x, [0, -1], [0, 0]),
    "pad: fewer than none. Got x f32 [2, 3], low [0, -1], high [0, 0], expected numbers from 0 on: slice cuts off.",
  ],
  [
    "padding with a row",
    () => graph.pad(x, [0, 0], [0, 0], x),
    "pad: the value is no scalar. Got value f32 [2, 3], expected shape [].",
  ],
  [
    "joining nothing",
    () => graph.concatenate([], 0),
    "concatenate: nothing to join. Got values 0, expected at least one value.",
  ],
  [
    "joining what differs",
    () => graph.concatenate([x, graph.parameter([2, 2])], 0),
    "concatenate: other axes differ. Got first f32 [2, 3], x f32 [2, 2], axis 0,",
  ],
  [
    "rows of a scalar",
    () => graph.gatherRows(scalar, ids),
    "gatherRows: no rows to take. Got x i32 [], ids i32 [4], expected at least one row.",
  ],
  [
    "ids that are floats",
    () => graph.gatherRows(x, x),
    "gatherRows: it does not take f32. Got x f32 [2, 3], expected i32, ui32.",
  ],
  [
    "rows without ids",
    () => graph.scatterAddRows(x, ids, x),
    "scatterAddRows: not one row an id. Got x f32 [2, 3], ids i32 [4], updates f32 [2, 3], expected updates [4, 3].",
  ],
  ["a layout of no matrix", () => graph.rowMajor(ids), "rowMajor: no matrix. Got x i32 [4], expected two axes."],
  [
    "factors that do not fit",
    () => graph.dot(x, x, { contract: [[1], [0]] }),
    "dot: axes that do not fit. Got x f32 [2, 3], y f32 [2, 3], x's [1], y's [0], expected pairs of axes of one length.",
  ],
  [
    "a product of another kind",
    () => graph.dot(x, x, { contract: [[1], [1]], type: "i32" }),
    "dot: no such product. Got x f32 [2, 3], y f32 [2, 3], type i32, expected f32 or bf16.",
  ],
  ["any of floats", () => graph.reduce("or", x, [0]), "reduce or: it does not take f32."],
  [
    "results of nothing",
    () => graph.barrier([]),
    "optimization_barrier: no results. Got results 0, expected at least one.",
  ],
  [
    "no replicas",
    () => graph.allReduce(x, { replicas: 0 }),
    "allReduce: no such number of replicas. Got replicas 0, expected a whole number from 1 on.",
  ],
  [
    "gathering a scalar",
    () => graph.allGather(scalar, { replicas: 2 }),
    "allGather: a scalar has no rows. Got x i32 [], expected at least one axis.",
  ],
  [
    "parts that are not whole",
    () => graph.reduceScatter(x, { replicas: 4 }),
    "reduceScatter: the rows do not divide. Got x f32 [2, 3], replicas 4, expected a multiple of the replicas.",
  ],
  [
    "a fork of the future",
    () => graph.fork(1e6),
    "fork: not so many nodes. Got size 1000000, expected a whole number from 0 to",
  ],
  ["a value of another graph", () => graph.unary("negate", other), "negate: value 0 is not of this graph, which has"],
  [
    "a value from after the fork",
    () => fork.program([afterFork]),
    "program: value 4 is not of this graph, which has 1.",
  ],
  [
    "a value of outside in a function",
    () => graph.call("f", [x], (body) => body.unary("negate", x)),
    "negate: value 0 is not of this graph, which has 1.",
  ],
  [
    "collectives of more replicas",
    () => graph.program([graph.allReduce(x, { replicas: 2 })]),
    "program: its all_reduce is for another number of replicas. Got all_reduce 2, replicas 1, expected one number.",
  ],
  [
    "and in a function",
    () => graph.program([graph.call("f", [x], (body, y) => body.allReduce(y, { replicas: 2 }))], { replicas: 4 }),
    "program: its all_reduce is for another number of replicas.",
  ],
  [
    "memory of another size",
    () => graph.program([x], { donated: new Map([[0, ids]]) }),
    "program: output 0 can't take a parameter's memory. Got parameter i32 [4], output f32 [2, 3], expected the same shape and type.",
  ],
  [
    "memory of what is made",
    () => graph.program([x], { donated: new Map([[0, graph.unary("negate", x)]]) }),
    "program: what is donated is no parameter. Got donated f32 [2, 3], expected one of the parameters.",
  ],
  [
    "memory twice",
    () =>
      graph.program([x, x], {
        donated: new Map([
          [0, x],
          [1, x],
        ]),
      }),
    "program: a parameter is donated twice. Got parameter f32 [2, 3], outputs [0, 1], expected one output.",
  ],
];

test.each(refused)("refuses %s", (_, call, message) => {
  expect(call).toThrow(ShapeError);
  expect(call).toThrow(message);
});
