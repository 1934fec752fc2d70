import { expect, test } from "vitest";
import { Graph } from "./graph.ts";

test("what a piece takes of earlier nodes are values, not parameters nor constants, which it makes again", () => {
  const graph = new Graph();
  const x = graph.parameter([2, 3]);
  const half = graph.constant(0.5, "f32", [2, 3]);
  const y = graph.binary("multiply", x, half);
  const [first, second] = graph.call("both", [y], (body, value) => [
    body.unary("exponential", value),
    body.unary("negate", value),
  ]);
  const unused = graph.unary("tanh", y);
  graph.cut();
  const start = graph.size;
  const z = graph.binary("add", graph.binary("add", graph.binary("multiply", x, half), second), first);
  const taken = graph.earlier([z], start);
  expect(new Set(taken)).toEqual(new Set([first, second]));
  expect(taken).not.toContain(unused);
  const { parameters, text } = graph.program([z], { parameters: taken });
  expect(parameters).toEqual([x, second, first]);
  expect(text).toContain("stablehlo.constant dense<5.000000000e-1>");
  expect(text).not.toContain("call @both");
  expect(graph.earlier([y], 0)).toEqual([]);
  expect(graph.earlier([y], start)).toEqual([y]);
});
