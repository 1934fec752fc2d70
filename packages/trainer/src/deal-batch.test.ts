import fc from "fast-check";
import { expect, test } from "vitest";
import { dealBatch } from "./deal-batch.ts";

/** Texts of a batch, and their "tokens": as many as the text has letters, each the row's number. */
const batches = fc
  .array(fc.tuple(fc.string({ minLength: 1, maxLength: 30 }), fc.string({ minLength: 1, maxLength: 30 })), {
    minLength: 1,
    maxLength: 40,
  })
  .map((texts) => {
    const tokens = [0, 1].map((column) => {
      const starts = new Int32Array(texts.length + 1);
      texts.forEach((row, i) => {
        starts[i + 1] = starts[i]! + row[column]!.length;
      });
      const ids = Int32Array.from(texts.flatMap((row, i) => Array<number>(row[column]!.length).fill(i)));
      return { ids, starts };
    });
    return { texts, tokens };
  });
const cores = fc.integer({ min: 1, max: 5 });

test("every row goes to exactly one core, with all its columns, and cores differ by one row at most", () => {
  fc.assert(
    fc.property(batches, cores, ({ texts, tokens }, count) => {
      const shares = dealBatch(texts, tokens, count);
      expect(shares.flatMap(({ rows }) => [...rows]).sort((a, b) => a - b)).toEqual([...texts.keys()]);
      const sizes = shares.map(({ rows }) => rows.length);
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      for (const { rows, columns } of shares) {
        columns.forEach(({ ids, starts }, column) => {
          rows.forEach((row, i) => {
            const own = [...ids.subarray(starts[i], starts[i + 1])];
            expect(own).toEqual(Array(texts[row]![column]!.length).fill(row));
          });
        });
      }
    }),
  );
});

test("equal texts, and only those, have equal ids, in the gathered order", () => {
  fc.assert(
    fc.property(batches, cores, ({ texts, tokens }, count) => {
      const shares = dealBatch(texts, tokens, count);
      const gathered = shares.flatMap(({ rows }) => [...rows]);
      const ids = [0, 1].flatMap((column) => [...shares[0]!.textIds[column]!]);
      const inOrder = [0, 1].flatMap((column) => gathered.map((row) => texts[row]![column]!));
      for (const [i, id] of ids.entries())
        expect(ids.indexOf(id) === inOrder.indexOf(inOrder[i]!) || ids.indexOf(id) === i).toBe(true);
      expect(new Set(ids).size).toBe(new Set(inOrder).size);
      let before = 0;
      for (const { firstRow, rows } of shares) {
        expect(firstRow).toBe(before);
        before += rows.length;
      }
    }),
  );
});

test("cores get about as many tokens: the longest rows are dealt first", () => {
  const texts = [8, 1, 1, 1, 1, 8, 4, 4].map((length) => ["x".repeat(length), "y"]);
  const tokens = [0, 1].map((column) => ({
    ids: new Int32Array(texts.reduce((sum, row) => sum + row[column]!.length, 0)),
    starts: Int32Array.from(
      [0, ...texts.keys()].map((_, i) => texts.slice(0, i).reduce((sum, row) => sum + row[column]!.length, 0)),
    ),
  }));
  const totals = dealBatch(texts, tokens, 2).map(({ columns }) =>
    columns.reduce((sum, { ids }) => sum + ids.length, 0),
  );
  expect(totals).toEqual([18, 18]);
});
