import { ShapeError } from "@kindred/errors";
import { arbitraryLengths, expectMutantToFail } from "@kindred/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { layoutPositions, packedLayout, paddedLayout, sentencesOf } from "./index.ts";

const startsOf = (lengths: readonly number[]) => {
  let rows = 0;
  return [0, ...lengths.map((length) => (rows += length))];
};

test("packed: is frozen, holds copies, and tells batch, rows, the longest sentence and where each lies", () => {
  const starts = Int32Array.of(0, 2, 2, 5);
  const layout = packedLayout(starts, { numbers: [7, 8, 12] });
  starts[1] = 99;
  expect(layout).toEqual({
    form: "packed",
    fixed: { batch: 3, rows: 5, longest: 3 },
    data: { starts: Int32Array.of(0, 2, 2), lengths: Int32Array.of(2, 0, 3), numbers: Int32Array.of(7, 8, 12) },
  });
  expect([layout, layout.fixed, layout.data].every(Object.isFrozen)).toBe(true);
  expect(sentencesOf(layout.data)).toEqual([
    { start: 0, length: 2, number: 7 },
    { start: 2, length: 0, number: 8 },
    { start: 2, length: 3, number: 12 },
  ]);
  expect("numbers" in packedLayout([0, 1]).data).toBe(false);
  expect(packedLayout([0, 0]).fixed.longest).toBe(1);
});

test("padded: is frozen, holds copies, and allows each sentence all rows of its run", () => {
  const lengths = Int32Array.of(2, 0, 4);
  const layout = paddedLayout(lengths, 5, { numbers: [2, 0, 1] });
  lengths[0] = 99;
  expect(layout).toEqual({
    form: "padded",
    fixed: { batch: 3, rows: 15, longest: 5 },
    data: { starts: Int32Array.of(0, 5, 10), lengths: Int32Array.of(2, 0, 4), numbers: Int32Array.of(2, 0, 1) },
  });
  expect([layout, layout.fixed, layout.data].every(Object.isFrozen)).toBe(true);
});

test("survives a message between threads", () => {
  const layout = packedLayout([0, 3]);
  expect(structuredClone(layout)).toEqual(layout);
});

test("both forms of one batch give every sentence the same positions, and padding none", () => {
  const law = (lengths: readonly number[], otherLengths = lengths) => {
    const forms = [packedLayout(startsOf(lengths)), paddedLayout(otherLengths, Math.max(...otherLengths) + 2)];
    for (const layout of forms) {
      const positions = layoutPositions(layout);
      expect(positions.length).toBe(layout.fixed.rows);
      const found = sentencesOf(layout.data).map(({ start, length }) => [...positions.subarray(start, start + length)]);
      expect(found).toEqual(lengths.map((length) => Array.from({ length }, (_, position) => position)));
      expect(positions.filter((p) => p >= 0).length).toBe(lengths.reduce((sum, length) => sum + length, 0));
    }
  };
  fc.assert(fc.property(arbitraryLengths(), (lengths) => law(lengths)));
  expectMutantToFail(() => law([2, 3], [3, 3]));
});

test("positions are computed once for a layout", () => {
  const layout = packedLayout([0, 4]);
  expect(layoutPositions(layout)).toBe(layoutPositions(layout));
});

test.each<[string, number[]]>([
  ["no sentence", [0]],
  ["nothing", []],
  ["a first start above 0", [1, 2]],
  ["starts that fall", [0, 3, 2]],
  ["a fraction", [0, 1.5]],
  ["NaN", [0, Number.NaN]],
  ["more rows than 2³¹ − 1", [0, 2 ** 31]],
])("packed refuses %s", (_, starts) => {
  expect(() => packedLayout(starts)).toThrow(ShapeError);
  expect(() => packedLayout(starts)).toThrow("packedLayout: starts are not the offsets of a batch. Got ");
});

test.each<[string, number[], number]>([
  ["no sentence", [], 4],
  ["a length above longest", [5], 4],
  ["a negative length", [-1], 4],
  ["a fraction", [0.5], 4],
  ["longest 0", [0], 0],
  ["a fractional longest", [1], 1.5],
  ["more rows than 2³¹ − 1", [1, 1], 2 ** 30],
])("padded refuses %s", (_, lengths, longest) => {
  expect(() => paddedLayout(lengths, longest)).toThrow(ShapeError);
  expect(() => paddedLayout(lengths, longest)).toThrow("paddedLayout: lengths do not fit.");
});

test.each([[[1]], [[1, -1]], [[1, 2 ** 31]], [[0.5, 1]]])("refuses numbers %j for two sentences", (numbers) => {
  const rule = "numbers are not those of the sentences.";
  expect(() => packedLayout([0, 1, 2], { numbers })).toThrow(ShapeError);
  expect(() => packedLayout([0, 1, 2], { numbers })).toThrow(`packedLayout: ${rule}`);
  expect(() => paddedLayout([1, 1], 4, { numbers })).toThrow(`paddedLayout: ${rule}`);
});
