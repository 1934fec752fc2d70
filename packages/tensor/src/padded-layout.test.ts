import { ShapeError } from "@kindred/errors";
import { expect, test } from "vitest";
import { layoutBatch, layoutRowCount, paddedLayout, sentenceSpan } from "./index.ts";

test("is frozen, holds copies, and tells batch, rows and spans", () => {
  const lengths = Int32Array.of(2, 0, 4);
  const layout = paddedLayout(lengths, 4, { rows: [2, 0, 1] });
  lengths[0] = 99;
  expect(layout).toEqual({
    form: "padded",
    batch: 3,
    seq: 4,
    lengths: Int32Array.of(2, 0, 4),
    rows: Int32Array.of(2, 0, 1),
  });
  expect(Object.isFrozen(layout)).toBe(true);
  expect(layoutBatch(layout)).toBe(3);
  expect(layoutRowCount(layout)).toBe(12);
  expect(sentenceSpan(layout, 2)).toEqual({ start: 8, length: 4 });
});

test.each<[string, number[], number]>([
  ["no sentence", [], 4],
  ["a length above seq", [5], 4],
  ["a negative length", [-1], 4],
  ["a fraction", [0.5], 4],
  ["seq 0", [0], 0],
  ["a fractional seq", [1], 1.5],
  ["more rows than 2³¹ − 1", [1, 1], 2 ** 30],
])("refuses %s", (_, lengths, seq) => {
  expect(() => paddedLayout(lengths, seq)).toThrow(ShapeError);
  expect(() => paddedLayout(lengths, seq)).toThrow("paddedLayout: lengths do not fit.");
});

test("refuses rows that do not number the sentences", () => {
  expect(() => paddedLayout([1, 2], 4, { rows: [0, 1, 2] })).toThrow("paddedLayout: rows do not number the sentences.");
});
