import { expect, test } from "vitest";
import { allOpCases } from "../test-support/op-cases.ts";
import { binaryOps, unaryOps } from "./elementwise.ts";
import { Graph } from "./index.ts";
import { reductionTypes } from "./reductions.ts";

test.each(allOpCases)("$name is printed as it always was", ({ inputs, build, line, expected }) => {
  const graph = new Graph();
  const values = inputs.map(({ shape, type }) => graph.parameter(shape, type));
  const result = build(graph, ...values);
  expect({ shape: result.shape, type: result.type }).toEqual({ shape: expected.shape, type: expected.type });
  const lines = graph.program([result]).text.split("\n    return")[0] ?? "";
  const last = lines.slice(lines.lastIndexOf("\n    %") + 5);
  expect(last.replace(/^%\d+ = /, "")).toBe(filled(line, last));
});

/** A golden line with its holes filled by the names that a printed line has, in the order of their first use. */
function filled(line: string, printed: string): string {
  const names = [
    ...new Set([...printed.replace(/^%\d+ = /, "").matchAll(/%(?:a?\d+)(?:#\d+)?/g)].map(([name]) => name)),
  ];
  return line.replace(/\$(\d)/g, (_, i) => names[Number(i)] ?? "nothing");
}

test("each operation on elements has a case for every type that it takes", () => {
  const named = (prefix: string, ops: { readonly [op: string]: readonly string[] }) =>
    Object.entries(ops).flatMap(([op, types]) => types.map((type) => `${prefix}${op} of ${type}`));
  const names = allOpCases.map(({ name }) => name);
  const wanted = [...named("", unaryOps), ...named("", binaryOps), ...named("reduce ", reductionTypes)];
  expect(wanted.filter((name) => !names.includes(name))).toEqual([]);
});
