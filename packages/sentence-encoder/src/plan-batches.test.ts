import { expect, test } from "vitest";
import { planBatches } from "./embed-sentences.ts";

import fc from "fast-check";

const lengths = fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 60 }).map((list) => Int32Array.from(list));

const tokensOf = (batch: Int32Array, list: Int32Array) =>
  batch.reduce((sum, sentence) => sum + (list[sentence] ?? Number.NaN), 0);

const cores = fc.integer({ min: 1, max: 5 });

test("every sentence is in exactly one batch, no batch is over the budget, lengths never rise", () => {
  fc.assert(
    fc.property(lengths, fc.integer({ min: 40, max: 100 }), cores, (list, budget, cores) => {
      const batches = planBatches(list, { maxBatchTokens: budget, cores });
      const order = batches.flatMap((batch) => [...batch]);
      expect([...order].sort((a, b) => a - b)).toEqual([...list.keys()]);
      for (const batch of batches) expect(tokensOf(batch, list)).toBeLessThanOrEqual(budget);
      const ordered = order.map((sentence) => list[sentence] ?? Number.NaN);
      expect(ordered).toEqual(ordered.toSorted((a, b) => b - a));
    }),
  );
});

test("where sentences are short for the budget, batches are equal but for a sentence, and fill every core each time", () => {
  fc.assert(
    fc.property(lengths, fc.integer({ min: 80, max: 500 }), cores, (list, budget, cores) => {
      const total = list.reduce((sum, length) => sum + length, 0);
      const batches = planBatches(list, { maxBatchTokens: budget, cores });
      const longest = Math.max(0, ...list);
      fc.pre(longest * batches.length < total); // else a single sentence may be more than a share
      expect(batches.length % cores).toBe(0);
      for (const batch of batches) {
        expect(Math.abs(tokensOf(batch, list) - total / batches.length)).toBeLessThanOrEqual(longest);
      }
    }),
  );
});

test("without a budget there is one batch a core", () => {
  const plan = planBatches(Int32Array.of(4, 4, 4, 4), { maxBatchTokens: Number.POSITIVE_INFINITY, cores: 2 });
  expect(plan.map((batch) => [...batch])).toEqual([
    [0, 1],
    [2, 3],
  ]);
});

test("a sentence over the budget is refused", () => {
  expect(() => planBatches(Int32Array.of(11), { maxBatchTokens: 10 })).toThrow(
    /11 tokens, more than maxBatchTokens = 10/,
  );
});
