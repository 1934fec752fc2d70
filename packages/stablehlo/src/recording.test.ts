import { expect, test } from "vitest";
import { Graph } from "./index.ts";

test("what is recorded after a cut is not what was before, but itself the second time", () => {
  const graph = new Graph();
  const x = graph.parameter([2]);
  const before = graph.unary("negate", x);
  expect(graph.unary("negate", x)).toBe(before);
  graph.cut();
  const after = graph.unary("negate", x);
  expect(after).not.toBe(before);
  expect(graph.unary("negate", x)).toBe(after);
  graph.cut();
  graph.cut();
  expect(graph.unary("negate", x)).not.toBe(after);
});

test("a fork knows the cuts before it, also one that was made where it begins", () => {
  const graph = new Graph();
  const x = graph.parameter([2]);
  const before = graph.unary("negate", x);
  const { size } = graph;
  expect(graph.fork(size).unary("negate", x)).toBe(before);
  graph.cut();
  expect(graph.fork(size).unary("negate", x)).not.toBe(before);
  const after = graph.unary("negate", x);
  expect(graph.fork().unary("negate", x)).toBe(after);
});

test("a reshape of a reshape begins where the first did, unless a cut lies between", () => {
  const graph = new Graph();
  const x = graph.parameter([2, 3]);
  const flat = graph.reshape(x, [6]);
  expect(graph.reshape(flat, [2, 3])).toBe(x);
  graph.cut();
  expect(graph.program([graph.reshape(flat, [3, 2])], { parameters: [flat] }).parameters).toEqual([flat]);
});

test("a value that is given is not made, and what it was made of is not taken", () => {
  const graph = new Graph();
  const [x, y] = [graph.parameter([2]), graph.parameter([2])];
  const sum = graph.binary("add", x, y);
  const { text, parameters } = graph.program([graph.unary("negate", sum)], { parameters: [sum] });
  expect(parameters).toEqual([sum]);
  expect(text).not.toContain("stablehlo.add");
});
