import fc from "fast-check";
import { expect, test } from "vitest";
import { TopRows } from "./index.ts";

test("the heap keeps the best of any offers, in order, NaN as the worst", () => {
  const score = fc.oneof(fc.integer({ min: 0, max: 5 }), fc.constant(NaN));
  fc.assert(
    fc.property(fc.array(score), fc.nat(8), (scores, limit) => {
      const top = new TopRows(limit);
      for (const [row, own] of scores.entries()) top.offer(row, own);
      const expected = scores
        .map((own, row) => ({ row, score: Number.isNaN(own) ? -Infinity : own }))
        .sort((a, b) => (a.score === b.score ? a.row - b.row : b.score - a.score));
      expect(top.ranking()).toEqual(expected.slice(0, limit));
      expect(top.least).toBe(scores.length < limit ? -Infinity : (expected[limit - 1]?.score ?? Infinity));
    }),
  );
});
