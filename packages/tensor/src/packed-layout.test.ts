import { ShapeError } from "@kindred/errors";
import { expect, test } from "vitest";
import { layoutBatch, layoutRowCount, packedLayout, sentenceSpan } from "./index.ts";

test("is frozen, holds copies, and tells batch, rows and spans", () => {
  const starts = Int32Array.of(0, 2, 2, 5);
  const layout = packedLayout(starts, { rows: [7, 8, 12] });
  starts[1] = 99;
  expect(layout).toEqual({ form: "packed", starts: Int32Array.of(0, 2, 2, 5), rows: Int32Array.of(7, 8, 12) });
  expect(Object.isFrozen(layout)).toBe(true);
  expect(layoutBatch(layout)).toBe(3);
  expect(layoutRowCount(layout)).toBe(5);
  expect([0, 1, 2].map((i) => sentenceSpan(layout, i))).toEqual([
    { start: 0, length: 2 },
    { start: 2, length: 0 },
    { start: 2, length: 3 },
  ]);
  expect("rows" in packedLayout([0, 1])).toBe(false);
});

test("survives a message between threads", () => {
  const layout = packedLayout([0, 3]);
  expect(structuredClone(layout)).toEqual(layout);
});

test.each<[string, number[]]>([
  ["no sentence", [0]],
  ["nothing", []],
  ["a first start above 0", [1, 2]],
  ["starts that fall", [0, 3, 2]],
  ["a fraction", [0, 1.5]],
  ["NaN", [0, Number.NaN]],
  ["more rows than 2³¹ − 1", [0, 2 ** 31]],
])("refuses %s", (_, starts) => {
  expect(() => packedLayout(starts)).toThrow(ShapeError);
  expect(() => packedLayout(starts)).toThrow("packedLayout: starts are not the offsets of a batch. Got ");
});

test.each([[[1]], [[1, -1]], [[1, 2 ** 31]], [[0.5, 1]]])("refuses rows %j for two sentences", (rows) => {
  expect(() => packedLayout([0, 1, 2], { rows })).toThrow(ShapeError);
  expect(() => packedLayout([0, 1, 2], { rows })).toThrow("packedLayout: rows do not number the sentences.");
});
