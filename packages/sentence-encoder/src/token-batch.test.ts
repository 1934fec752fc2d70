import fc from "fast-check";
import { expect, test } from "vitest";
import { planBatches, selectSentences } from "./token-batch.ts";

const lengths = fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 60 }).map((list) => Int32Array.from(list));

test("every sentence is in exactly one batch, no batch is over the budget, lengths never rise", () => {
  fc.assert(
    fc.property(lengths, fc.integer({ min: 40, max: 100 }), (list, budget) => {
      const batches = planBatches(list, budget);
      const order = batches.flatMap((batch) => [...batch]);
      expect([...order].sort((a, b) => a - b)).toEqual([...list.keys()]);
      for (const batch of batches)
        expect(batch.reduce((sum, sentence) => sum + list[sentence]!, 0)).toBeLessThanOrEqual(budget);
      for (const [i, sentence] of order.entries())
        expect(list[sentence]!).toBeLessThanOrEqual(list[order[Math.max(0, i - 1)]!]!);
    }),
  );
});

test("a sentence over the budget is refused", () => {
  expect(() => planBatches(Int32Array.of(11), 10)).toThrow(/11 tokens, more than maxBatchTokens = 10/);
});

test("selecting sentences takes their ids, in the order asked for", () => {
  const batch = { ids: Int32Array.of(1, 2, 3, 4, 5, 6), starts: Int32Array.of(0, 1, 3, 6) };
  expect(selectSentences(batch, Int32Array.of(2, 0))).toEqual({
    ids: Int32Array.of(4, 5, 6, 1),
    starts: Int32Array.of(0, 3, 4),
  });
});
