import { ShapeError } from "@kindred/errors";
import fc from "fast-check";
import { expect, test } from "vitest";
import { shardCounts, shardRows } from "./shard-rows.ts";

const anyCount = fc.nat(10_000);
const anyCores = fc.integer({ min: 1, max: 40 });

test("seven rows on three cores are 3, 2 and 2", () => {
  expect([0, 1, 2].map((index) => shardRows(7, 3, index))).toEqual([
    { start: 0, count: 3 },
    { start: 3, count: 2 },
    { start: 5, count: 2 },
  ]);
});

test("with fewer rows than cores the last cores get none", () => {
  expect(shardCounts(2, 4)).toEqual([1, 1, 0, 0]);
});

test("the shards follow each other and cover every row once, whatever the numbers", () => {
  fc.assert(
    fc.property(anyCount, anyCores, (count, cores) => {
      let next = 0;
      for (let index = 0; index < cores; index++) {
        const range = shardRows(count, cores, index);
        expect(range.start).toBe(next);
        next += range.count;
      }
      expect(next).toBe(count);
    }),
  );
});

test("no two shards differ by more than a row", () => {
  fc.assert(
    fc.property(anyCount, anyCores, (count, cores) => {
      const counts = shardCounts(count, cores);
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
    }),
  );
});

test.each([
  [-1, 1, 0],
  [1.5, 1, 0],
  [1, 0, 0],
  [1, 2, 2],
  [1, 2, -1],
])("refuses count %s, cores %s, index %s", (count, cores, index) => {
  expect(() => shardRows(count, cores, index)).toThrow(ShapeError);
});
