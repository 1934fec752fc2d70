import fc from "fast-check";
import { expect, test } from "vitest";
import { tokenChunks } from "./token-chunks.ts";

test("chunks hold all sentences in order, each chunk within the budget unless one sentence alone is over it", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 30 }),
      fc.integer({ min: 1, max: 40 }),
      (lengths, budget) => {
        const starts = new Int32Array(lengths.length + 1);
        for (const [i, length] of lengths.entries()) starts[i + 1] = starts[i]! + length;
        const ids = Int32Array.from({ length: starts[lengths.length]! }, (_, i) => i);
        const rows = Int32Array.from(lengths, (_, i) => 100 + i);
        const chunks = tokenChunks({ batch: { ids, starts }, rows }, budget);
        expect(chunks.flatMap(({ batch }) => [...batch.ids])).toEqual([...ids]);
        expect(chunks.flatMap((chunk) => [...chunk.rows])).toEqual([...rows]);
        for (const { batch, rows: own } of chunks) expect(batch.ids.length <= budget || own.length === 1).toBe(true);
        if (ids.length <= budget) expect(chunks.length).toBe(1);
      },
    ),
  );
});
