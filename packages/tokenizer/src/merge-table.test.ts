import fc from "fast-check";
import { expect, test } from "vitest";
import { mergeTable } from "./merge-table.ts";

test("finds each pair with its rank and what it becomes; of a pair twice the later one; no other", () => {
  const id = fc.nat({ max: 12 });
  fc.assert(
    fc.property(fc.array(fc.tuple(id, id, id), { maxLength: 80 }), (merges) => {
      const table = mergeTable(Int32Array.from(merges.flat()));
      for (let left = 0; left <= 12; left++) {
        for (let right = 0; right <= 12; right++) {
          const rank = merges.findLastIndex(([a, b]) => a === left && b === right);
          const place = table.find(left, right);
          const found = place < 0 ? undefined : [table.rankAt(place), table.idAt(place)];
          expect(found).toEqual(rank < 0 ? undefined : [rank, merges[rank]?.[2]]);
        }
      }
    }),
  );
});
