import fc from "fast-check";
import { expect, test } from "vitest";
import { falseNegatives } from "./false-negatives.ts";

const ids = (...columns: number[][]) => columns.map((column) => Int32Array.from(column));

test("different texts leave nothing out", () => {
  expect(falseNegatives(ids([0, 1], [2, 3], [4, 5]), { firstRow: 0, count: 2 })).toBeUndefined();
});

test("worked by hand: an equal positive, an equal negative, an equal query", () => {
  // Row 0 and 2 share a query (7), row 0's positive (1) is also row 1's positive and row 2's negative.
  const mask = falseNegatives(ids([7, 8, 7], [1, 1, 3], [4, 5, 1]), { firstRow: 0, count: 3 });
  expect([...mask!]).toEqual([
    ...[0, 1, 1, 0, 0, 1], // positive 1 = own text, positive 2 answers the same query, negative 2 = own text
    ...[1, 0, 0, 0, 0, 1],
    ...[1, 0, 0, 0, 0, 0],
  ]);
});

test("a document with the text of the query itself stays", () => {
  expect(falseNegatives(ids([1, 2], [2, 1]), { firstRow: 0, count: 2 })).toBeUndefined();
});

const text = fc.integer({ min: 0, max: 4 });
const batches = fc.tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 2, max: 4 })).chain(([rows, columns]) =>
  fc.array(
    fc.array(text, { minLength: rows, maxLength: rows }).map((a) => Int32Array.from(a)),
    { minLength: columns, maxLength: columns },
  ),
);

test("it leaves out exactly what the rule says, and never the own positive", () => {
  fc.assert(
    fc.property(batches, (columns) => {
      const [queries, ...documents] = columns;
      const rows = queries!.length;
      const expected = Array.from(queries!, (query, i) =>
        documents.flatMap((column, c) =>
          Array.from(column, (document, j) =>
            Number(!(c === 0 && j === i) && (document === documents[0]![i] || (c === 0 && queries![j] === query))),
          ),
        ),
      ).flat();
      const mask = falseNegatives(columns, { firstRow: 0, count: rows });
      expect([...(mask ?? expected.map(() => 0))]).toEqual(expected);
      expect(mask === undefined).toBe(!expected.includes(1));
    }),
  );
});

test("a core's rows of the mask are those rows of the whole mask", () => {
  fc.assert(
    fc.property(batches, fc.nat(5), fc.nat(5), (columns, a, b) => {
      const rows = columns[0]!.length;
      const [firstRow, end] = [Math.min(a, b) % rows, Math.max(a, b, 1) % (rows + 1)];
      fc.pre(firstRow < end);
      const width = (columns.length - 1) * rows;
      const whole = falseNegatives(columns, { firstRow: 0, count: rows }) ?? new Uint8Array(rows * width);
      const own =
        falseNegatives(columns, { firstRow, count: end - firstRow }) ?? new Uint8Array((end - firstRow) * width);
      expect([...own]).toEqual([...whole.slice(firstRow * width, end * width)]);
    }),
  );
});
