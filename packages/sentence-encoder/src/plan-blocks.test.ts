import { sentencesOf } from "@kindred/tensor";
import { expectMutantToFail } from "@kindred/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type BlockPlanOptions, planBlocks } from "./plan-blocks.ts";

const sizes = { blockRows: 16, batchRows: 64 };
const lengths = fc.array(fc.integer({ min: 0, max: 70 }), { maxLength: 60 }).map((list) => Int32Array.from(list));
const planOf = (list: Int32Array, options: BlockPlanOptions) => [...planBlocks(list, options)];

test("every sentence is in one batch, where the batch's layout has it; what follows is empty, and no batch is too large", () => {
  const law = (list: Int32Array, cores: number, change = (place: number) => place) => {
    const plan = planOf(list, { ...sizes, cores });
    expect(plan.flatMap(({ sentences }) => [...sentences]).sort((a, b) => a - b)).toEqual([...list.keys()]);
    for (const { sentences, layout } of plan) {
      const spans = sentencesOf(layout.data);
      const found = [...sentences.keys()].map((place) => spans[change(place)]?.length);
      expect(found).toEqual([...sentences].map((sentence) => list[sentence]));
      expect(spans.slice(sentences.length).every(({ length }) => length === 0)).toBe(true);
      expect(layout.fixed.rows).toBeLessThanOrEqual(Math.max(sizes.batchRows, layout.fixed.longest));
    }
  };
  const cores = fc.integer({ min: 1, max: 5 });
  fc.assert(fc.property(lengths, cores, (list, count) => law(list, count)));
  expectMutantToFail(() => law(Int32Array.of(9, 3), 1, (place) => 1 - place));
});

test("texts of all kinds need few programs", () => {
  const shapes = new Set<string>();
  fc.assert(
    fc.property(lengths, fc.integer({ min: 1, max: 5 }), (list, cores) => {
      for (const { layout } of planBlocks(list, { ...sizes, cores })) shapes.add(JSON.stringify(layout.fixed));
    }),
    { numRuns: 500 },
  );
  // Blocks of 16, 32, 48, 64 and 96 rows; 4 or 1 of the first, 2 or 1 of the second. Where texts are short, two and four times the room.
  expect(shapes.size).toBeLessThanOrEqual(3 * 7);
});

test("little is left over where short texts can fill up what long ones leave", () => {
  const list = Int32Array.from({ length: 400 }, (_, i) => 4 + ((i * 37) % 96));
  const plan = planOf(list, { blockRows: 64, batchRows: 1024 });
  const rows = plan.reduce((sum, { layout }) => sum + layout.fixed.rows, 0);
  expect(list.reduce((sum, length) => sum + length, 0) / rows).toBeGreaterThan(0.95);
});

test("a short text by itself has a short block, and long ones the shortest that holds them", () => {
  const only = (...list: number[]) => planOf(Int32Array.from(list), { blockRows: 64, batchRows: 1024 })[0]?.layout;
  expect(only(5)?.fixed).toEqual({ batch: 4, rows: 16, longest: 16, blocks: 1 });
  expect(only(20, 12)?.fixed).toEqual({ batch: 8, rows: 32, longest: 32, blocks: 1 });
  expect(only(33)?.fixed).toEqual({ batch: 16, rows: 64, longest: 64, blocks: 1 });
  expect(only(200)?.fixed).toEqual({ batch: 64, rows: 256, longest: 256, blocks: 1 });
  expect(only(384, 300)?.fixed).toEqual({ batch: 192, rows: 768, longest: 384, blocks: 2 });
  expect(only()).toBeUndefined();
});

test("batches are small enough that every device has one", () => {
  const counts = (cores: number) =>
    planOf(new Int32Array(32).fill(60), { blockRows: 64, batchRows: 1024, cores }).map(
      ({ layout }) => layout.fixed.blocks,
    );
  expect(counts(1)).toEqual([16, 16]);
  expect(counts(8)).toEqual(new Array(8).fill(4));
});
