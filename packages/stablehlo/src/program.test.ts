import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { Graph } from "./index.ts";

/** A step of gradient descent on two replicas, with a function that is called twice. */
function step() {
  const graph = new Graph();
  const [unused, weight, x] = [graph.parameter([9]), graph.parameter([4, 3]), graph.parameter([2, 3])];
  const double = (value: typeof x) => graph.call("double", [value], (body, y) => body.binary("add", y, y));
  const y = double(double(graph.dot(x, weight, { contract: [[1], [1]] })));
  const gradient = graph.allReduce(graph.dot(y, x, { contract: [[0], [0]] }), { replicas: 2 });
  const moved = graph.binary("subtract", weight, graph.binary("multiply", gradient, 0.1));
  return { graph, unused, weight, x, moved, loss: graph.reduce("add", y, [0, 1]) };
}

const golden = `module @kindred attributes {mhlo.num_replicas = 2 : i32, mhlo.num_partitions = 1 : i32} {
  func.func public @main(%a0: tensor<2x3xf32>, %a1: tensor<4x3xf32> {tf.aliasing_output = 0 : i32}) -> (tensor<4x3xf32>, tensor<f32>) {
    %0 = stablehlo.dot_general %a0, %a1, contracting_dims = [1] x [1], precision = [HIGHEST, HIGHEST] : (tensor<2x3xf32>, tensor<4x3xf32>) -> tensor<2x4xf32>
    %1 = call @double(%0) : (tensor<2x4xf32>) -> (tensor<2x4xf32>)
    %2 = call @double(%1) : (tensor<2x4xf32>) -> (tensor<2x4xf32>)
    %3 = stablehlo.dot_general %2, %a0, contracting_dims = [0] x [0], precision = [HIGHEST, HIGHEST] : (tensor<2x4xf32>, tensor<2x3xf32>) -> tensor<4x3xf32>
    %4 = "stablehlo.all_reduce"(%3) <{replica_groups = dense<[[0, 1]]> : tensor<1x2xi64>}> ({
    ^bb0(%l: tensor<f32>, %r: tensor<f32>):
      %s = stablehlo.add %l, %r : tensor<f32>
      stablehlo.return %s : tensor<f32>
    }) : (tensor<4x3xf32>) -> tensor<4x3xf32>
    %5 = stablehlo.constant dense<1.000000015e-1> : tensor<f32>
    %6 = stablehlo.broadcast_in_dim %5, dims = [] : (tensor<f32>) -> tensor<4x3xf32>
    %7 = stablehlo.multiply %4, %6 : tensor<4x3xf32>
    %8 = stablehlo.subtract %a1, %7 : tensor<4x3xf32>
    %9 = stablehlo.constant dense<0.000000000e+0> : tensor<f32>
    %10 = stablehlo.reduce(%2 init: %9) applies stablehlo.add across dimensions = [0, 1] : (tensor<2x4xf32>, tensor<f32>) -> tensor<f32>
    return %8, %10 : tensor<4x3xf32>, tensor<f32>
  }
  func.func private @double(%a0: tensor<2x4xf32>) -> (tensor<2x4xf32>) {
    %0 = stablehlo.add %a0, %a0 : tensor<2x4xf32>
    return %0 : tensor<2x4xf32>
  }
}
`;

test("a program is a module of a main function and the functions that it calls", () => {
  const { graph, weight, x, moved, loss } = step();
  const program = graph.program([moved, loss], { replicas: 2, donated: new Map([[0, weight]]) });
  expect(program.text).toBe(golden);
  expect(program).toMatchObject({ parameters: [x, weight], donated: [1], replicas: 2 });
  expect(program.outputs).toEqual([
    { shape: [4, 3], type: "f32" },
    { shape: [], type: "f32" },
  ]);
  expect(program.hash).toBe(createHash("sha256").update(golden).digest("hex"));
});

test("a parameter that is donated is taken, though no output needs it", () => {
  const { graph, unused } = step();
  const program = graph.program([graph.constant(0, "f32", [9])], { donated: new Map([[0, unused]]) });
  expect(program).toMatchObject({ parameters: [unused], donated: [0] });
});

test("two bodies of one name are two functions, and one body of two names is one", () => {
  const graph = new Graph();
  const x = graph.parameter([2]);
  const once = graph.call("f", [x], (body, y) => body.unary("negate", y));
  const other = graph.call("f", [x], (body, y) => body.unary("abs", y));
  expect(graph.call("g", [x], (body, y) => body.unary("negate", y))).toBe(once);
  const { text } = graph.program([once, other]);
  expect([...text.matchAll(/private @(\w+)/g)].map(([, name]) => name)).toEqual(["f", "f_1"]);
});

test("a function's function is printed too, and told apart from another's of the same name", () => {
  const graph = new Graph();
  const x = graph.parameter([2]);
  const outer = (op: "negate" | "abs") =>
    graph.call("outer", [x], (body, y) => body.call("inner", [y], (inner, z) => inner.unary(op, z)));
  const { text } = graph.program([outer("negate"), outer("abs")]);
  expect([...text.matchAll(/private @(\w+)/g)].map(([, name]) => name)).toEqual([
    "outer",
    "inner",
    "outer_1",
    "inner_1",
  ]);
  expect(text).toContain("call @inner_1(%a0)");
});

test("-0, 0 and NaN are three constants, and what rounds to one float32 is one", () => {
  const graph = new Graph();
  const { size } = graph;
  const constants = [-0, 0, Number.NaN, 0.1, Math.fround(0.1)].map((value) => graph.constant(value));
  expect(new Set(constants).size).toBe(4);
  expect(graph.size).toBe(size + 4);
});
