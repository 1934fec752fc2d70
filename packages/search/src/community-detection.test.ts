import { ConfigError } from "@kindred/errors";
import { expectMutantToFail } from "@kindred/testing";
import { type EmbeddingRows, similarityMatrix } from "@kindred/vectors";
import fc from "fast-check";
import { expect, test } from "vitest";
import { communityDetection } from "./index.ts";

const rows = fc
  .array(fc.integer({ min: -2, max: 2 }), { maxLength: 60 })
  .map((all) => ({ embeddings: Float32Array.from(all.slice(all.length % 2)), dimension: 2 }));

const options = fc.record({
  threshold: fc.double({ min: -0.5, max: 1, noNaN: true }),
  minCommunitySize: fc.integer({ min: 1, max: 8 }),
  batchSize: fc.integer({ min: 1, max: 40 }),
});

/** The definition, by loops. */
function byLoop(all: EmbeddingRows, { threshold = 0.75, minCommunitySize = 10 }) {
  const { scores, rows: count } = similarityMatrix(all, all);
  const leastSize = Math.min(minCommunitySize, count);
  const numbers = Array.from({ length: count }, (_, i) => i);
  const around = (center: number) => {
    const score = (row: number) => (row === center ? Infinity : (scores[center * count + row] ?? NaN));
    return numbers
      .filter((row) => (scores[center * count + row] ?? NaN) >= threshold)
      .sort((a, b) => score(b) - score(a) || a - b);
  };
  const communities = numbers.map(around).filter((members) => members.length >= leastSize);
  const taken = new Set<number>();
  const groups: number[][] = [];
  for (const members of communities.sort((a, b) => b.length - a.length)) {
    const free = members.filter((row) => !taken.has(row));
    if (free.length < leastSize) continue;
    for (const row of free) taken.add(row);
    groups.push(free);
  }
  return groups.sort((a, b) => b.length - a.length);
}

test("two groups and a row alone: the larger group first, each from its centre outwards", async () => {
  const all = { embeddings: Float32Array.of(0, 1, 9, 1, 1, 0, 1, 9, 8, 1, -1, 0), dimension: 2 };
  expect(await communityDetection(all, { threshold: 0.9, minCommunitySize: 2 })).toEqual([
    [1, 4, 2],
    [0, 3],
  ]);
  expect(await communityDetection({ embeddings: new Float32Array(0), dimension: 2 })).toEqual([]);
});

test("is what the definition by loops gives, whatever the batches", async () => {
  const law = (detect: typeof communityDetection) =>
    fc.assert(
      fc.asyncProperty(rows, options, async (all, each) => {
        expect(await detect(all, each)).toEqual(byLoop(all, each));
      }),
    );
  await law(communityDetection);
  await expectMutantToFail(() =>
    law((all, each = {}) => communityDetection(all, { ...each, minCommunitySize: (each.minCommunitySize ?? 10) + 1 })),
  );
});

test("no row is in two groups, and every row of a group is as near to its first as its centre's threshold allows twice", async () => {
  await fc.assert(
    fc.asyncProperty(rows, async (all) => {
      const groups = await communityDetection(all, { threshold: 0.8, minCommunitySize: 2 });
      const members = groups.flat();
      expect(new Set(members).size).toBe(members.length);
      // Two rows within arccos 0.8 of one centre are at most twice that angle apart: cos 2α = 2·0.8² − 1, less some roundings.
      const { scores, rows: count } = similarityMatrix(all, all);
      for (const [first = 0, ...others] of groups)
        for (const row of others) expect(scores[first * count + row]).toBeGreaterThan(0.28 - 1e-12);
    }),
  );
});

test("refuses options that do not fit", async () => {
  const all = { embeddings: Float32Array.of(1), dimension: 1 };
  await expect(communityDetection(all, { threshold: NaN })).rejects.toThrow(ConfigError);
  await expect(communityDetection(all, { batchSize: 0 })).rejects.toThrow(/batchSize does not fit/);
});
