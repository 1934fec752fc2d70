import fc from "fast-check";
import { expect, test } from "vitest";
import { dealBatch } from "./deal-batch.ts";
import { joinColumns, tokenChunks } from "./numbered-sentences.ts";

test("two columns by hand", () => {
  const columns = [
    { ids: Int32Array.of(0, 2, 0, 5, 2), starts: Int32Array.of(0, 2, 5) },
    { ids: Int32Array.of(0, 6, 2, 0, 2), starts: Int32Array.of(0, 3, 5) },
  ];
  const share = { columns, rows: Int32Array.of(3, 1), firstRow: 0, textIds: [] };
  expect(joinColumns(share, 4)).toEqual({
    batch: { ids: Int32Array.of(0, 2, 0, 5, 2, 0, 6, 2, 0, 2), starts: Int32Array.of(0, 2, 5, 8, 10) },
    rows: Int32Array.of(3, 1, 7, 5),
  });
});

test("every sentence of a batch has one number, the same on any number of cores", () => {
  const length = fc.integer({ min: 0, max: 5 });
  fc.assert(
    fc.property(
      fc.array(fc.tuple(length, length), { minLength: 1, maxLength: 12 }),
      fc.integer({ min: 1, max: 4 }),
      (lengths, cores) => {
        fc.pre(cores <= lengths.length);
        const texts = lengths.map((_, row) => [`query ${row}`, `answer ${row}`]);
        // The tokens of a sentence are the number that it is to have.
        const tokens = [0, 1].map((column) => {
          const counts = lengths.map((row) => row[column]!);
          const starts = [0];
          for (const count of counts) starts.push(starts.at(-1)! + count);
          const ids = counts.flatMap((count, row) => new Array<number>(count).fill(column * lengths.length + row));
          return { ids: Int32Array.from(ids), starts: Int32Array.from(starts) };
        });
        const seen = dealBatch(texts, tokens, cores).flatMap((share) => {
          const { batch, rows } = joinColumns(share, lengths.length);
          for (const [i, row] of rows.entries())
            for (const id of batch.ids.subarray(batch.starts[i], batch.starts[i + 1])) expect(id).toBe(row);
          return [...rows];
        });
        expect(seen.sort((a, b) => a - b)).toEqual(Array.from({ length: 2 * lengths.length }, (_, i) => i));
      },
    ),
  );
});

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
