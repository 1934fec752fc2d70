import { ShapeError } from "@kindred/errors";
import { arbitraryLengths, expectMutantToFail } from "@kindred/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { inBlocks, inRows, type Layout, layoutPositions, packed, padded, sentencesOf } from "./index.ts";

const frozen = (layout: Layout) => [layout, layout.fixed, layout.data].every(Object.isFrozen);
const sum = (lengths: readonly number[]) => lengths.reduce((a, b) => a + b, 0);

test("packed: is frozen, holds copies, and tells batch, rows, the longest sentence and where each lies", () => {
  const lengths = Int32Array.of(2, 0, 3);
  const layout = packed(lengths, { numbers: [7, 8, 12] });
  lengths[1] = 99;
  expect(layout).toEqual({
    form: "packed",
    fixed: { batch: 3, rows: 5, longest: 3 },
    data: { starts: Int32Array.of(0, 2, 2), lengths: Int32Array.of(2, 0, 3), numbers: Int32Array.of(7, 8, 12) },
  });
  expect(frozen(layout)).toBe(true);
  expect(sentencesOf(layout.data)).toEqual([
    { start: 0, length: 2, number: 7 },
    { start: 2, length: 0, number: 8 },
    { start: 2, length: 3, number: 12 },
  ]);
  expect("numbers" in packed([1]).data).toBe(false);
  expect(packed([0]).fixed.longest).toBe(1);
});

test("padded: allows each sentence all rows of its run", () => {
  const layout = padded([2, 0, 4], 5, { numbers: [2, 0, 1] });
  expect(layout).toEqual({
    form: "padded",
    fixed: { batch: 3, rows: 15, longest: 5 },
    data: { starts: Int32Array.of(0, 5, 10), lengths: Int32Array.of(2, 0, 4), numbers: Int32Array.of(2, 0, 1) },
  });
  expect(frozen(layout)).toBe(true);
});

test("in blocks: the longest first, each in the first block with room, and as many blocks as asked for", () => {
  const layout = inBlocks([1, 3, 0, 4, 2], 5, { count: 3, numbers: [4, 3, 2, 1, 0] });
  expect(layout).toEqual({
    form: "blocks",
    fixed: { batch: 5, rows: 15, longest: 5, blocks: 3 },
    data: {
      starts: Int32Array.of(4, 5, 5, 0, 8),
      lengths: Int32Array.of(1, 3, 0, 4, 2),
      numbers: Int32Array.of(4, 3, 2, 1, 0),
      segments: Int32Array.of(3, 3, 3, 3, 0, 1, 1, 1, 4, 4, -1, -1, -1, -1, -1),
    },
  });
  expect(frozen(layout)).toBe(true);
  expect(inBlocks([1, 3, 0, 4, 2], 5).fixed.blocks).toBe(2);
});

test("survives a message between threads", () => {
  const layout = inBlocks([3, 1], 4);
  expect(structuredClone(layout)).toEqual(layout);
});

test("in any form, each sentence has rows of its own and its positions, and no block is cut through", () => {
  const law = (lengths: readonly number[], extra: number, shift = 0) => {
    const longest = Math.max(...lengths) + extra;
    for (const layout of [packed(lengths), padded(lengths, longest), inBlocks(lengths, longest)]) {
      const { fixed, data } = layout;
      const positions = layoutPositions(layout);
      expect(positions.length).toBe(fixed.rows);
      expect([fixed.batch, fixed.longest >= Math.max(...lengths)]).toEqual([lengths.length, true]);
      const spans = sentencesOf(data).filter(({ length }) => length > 0);
      const found = spans.map(({ start, length }) => [...positions.subarray(start + shift, start + shift + length)]);
      expect(found).toEqual(spans.map(({ length }) => Array.from({ length }, (_, position) => position)));
      expect([...data.lengths]).toEqual(lengths);
      expect(positions.filter((p) => p >= 0).length).toBe(sum(lengths));
      if (layout.form === "packed") continue;
      const blockOf = (row: number) => Math.floor(row / longest);
      expect(spans.every(({ start, length }) => blockOf(start) === blockOf(start + length - 1))).toBe(true);
    }
  };
  fc.assert(fc.property(arbitraryLengths(), fc.nat(3), (lengths, extra) => law(lengths, extra)));
  expectMutantToFail(() => law([2, 3], 1, 1));
});

test("blocks take no more rows than runs do", () => {
  fc.assert(
    fc.property(arbitraryLengths(), fc.nat(3), (lengths, extra) => {
      const longest = Math.max(...lengths) + extra;
      expect(inBlocks(lengths, longest).fixed.rows).toBeLessThanOrEqual(padded(lengths, longest).fixed.rows);
    }),
  );
});

test("ids come into the order of the rows, with padding between them", () => {
  fc.assert(
    fc.property(arbitraryLengths(), fc.nat(3), (lengths, extra) => {
      const ids = Int32Array.from({ length: sum(lengths) }, (_, i) => i + 1);
      const longest = Math.max(...lengths) + extra;
      expect(inRows(ids, packed(lengths), 0)).toBe(ids);
      for (const layout of [padded(lengths, longest), inBlocks(lengths, longest)]) {
        const rows = inRows(ids, layout, 0);
        const back = sentencesOf(layout.data).flatMap(({ start, length }) => [...rows.subarray(start, start + length)]);
        expect(back).toEqual([...ids]);
        expect(rows.filter((id) => id !== 0).length).toBe(ids.length);
      }
    }),
  );
  expect(() => inRows(Int32Array.of(1), packed([2]), 0)).toThrow(ShapeError);
  expect(() => inRows(Int32Array.of(1), packed([2]), 0)).toThrow("Got 1 ids and sentences of 2 tokens");
});

test("positions are computed once for a layout", () => {
  const layout = packed([4]);
  expect(layoutPositions(layout)).toBe(layoutPositions(layout));
});

test.each<[string, number[], number]>([
  ["no sentence", [], 4],
  ["a length above longest", [5], 4],
  ["a negative length", [-1], 4],
  ["a fraction", [0.5], 4],
  ["NaN", [Number.NaN], 4],
  ["longest 0", [0], 0],
  ["a fractional longest", [1], 1.5],
  ["more rows than 2³¹ − 1", [2 ** 30, 2 ** 30], 2 ** 30],
])("refuses %s", (_, lengths, longest) => {
  const makers = { padded, inBlocks, ...(longest === 4 && lengths[0] !== 5 ? { packed: () => packed(lengths) } : {}) };
  for (const [name, make] of Object.entries(makers)) {
    expect(() => make(lengths, longest)).toThrow(ShapeError);
    expect(() => make(lengths, longest)).toThrow(`${name}: lengths do not fit. Got ${lengths.length} lengths`);
  }
  expect(() => packed([2 ** 30, 2 ** 30])).toThrow("packed: lengths do not fit.");
});

test.each([1, 1.5, Number.NaN])("refuses %s blocks for sentences that need 2", (count) => {
  expect(() => inBlocks([3, 3], 4, { count })).toThrow(ShapeError);
  expect(() => inBlocks([3, 3], 4, { count })).toThrow("inBlocks: the blocks do not hold the sentences.");
});

test.each([[[1]], [[1, -1]], [[1, 2 ** 31]], [[0.5, 1]]])("refuses numbers %j for two sentences", (numbers) => {
  const rule = "numbers are not those of the sentences.";
  expect(() => packed([1, 1], { numbers })).toThrow(ShapeError);
  expect(() => packed([1, 1], { numbers })).toThrow(`packed: ${rule}`);
  expect(() => padded([1, 1], 4, { numbers })).toThrow(`padded: ${rule}`);
  expect(() => inBlocks([1, 1], 4, { numbers })).toThrow(`inBlocks: ${rule}`);
});
