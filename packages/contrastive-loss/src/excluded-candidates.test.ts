import { expectMutantToFail } from "@kindred/testing";
import { expect, test } from "vitest";
import { type Direction, excludedCandidates } from "./softmax-directions.ts";

import fc from "fast-check";

const all: readonly Direction[] = ["queryToDoc", "queryToQuery", "docToQuery", "docToDoc"];
const rows = { firstRow: 0, count: 2, batch: 2, columns: 3, textIds: undefined };

test("worked by hand: without equal texts only the own row is left out, of queries among queries and documents among documents", () => {
  expect(excludedCandidates(["queryToDoc", "docToQuery"], rows)).toBeUndefined();
  expect([...excludedCandidates(all, rows)!]).toEqual([
    ...[0, 0, 0, 0, /**/ 1, 0, /**/ 0, 0, /**/ 1, 0, 1, 0],
    ...[0, 0, 0, 0, /**/ 0, 1, /**/ 0, 0, /**/ 0, 1, 0, 1],
  ]);
});

test("worked by hand: rows with one query are no wrong answers to each other in any direction", () => {
  const textIds = [Int32Array.of(7, 7), Int32Array.of(1, 2), Int32Array.of(3, 4)];
  expect([...excludedCandidates(all, { ...rows, textIds })!]).toEqual([
    ...[0, 1, 0, 0, /**/ 1, 1, /**/ 0, 1, /**/ 1, 1, 1, 0],
    ...[1, 0, 0, 0, /**/ 1, 1, /**/ 1, 0, /**/ 1, 1, 0, 1],
  ]);
});

const batches = fc.tuple(fc.integer({ min: 2, max: 6 }), fc.integer({ min: 2, max: 4 })).chain(([batch, columns]) => {
  const column = fc.array(fc.nat(4), { minLength: batch, maxLength: batch }).map((ids) => Int32Array.from(ids));
  return fc.record({
    textIds: fc.array(column, { minLength: columns, maxLength: columns }),
    cut: fc.integer({ min: 1, max: batch - 1 }),
  });
});

test("cores' masks, one under the other, are the whole batch's, and the right answer always stays", () => {
  const check = (firstRowOf: (cut: number) => number) =>
    fc.assert(
      fc.property(batches, ({ textIds, cut }) => {
        const [batch, columns] = [textIds[0]!.length, textIds.length];
        const mask = (firstRow: number, count: number) =>
          excludedCandidates(all, { firstRow, count, batch, columns, textIds })!;
        const whole = mask(0, batch);
        expect([...mask(0, cut), ...mask(firstRowOf(cut), batch - cut)]).toEqual([...whole]);
        const width = whole.length / batch;
        for (let row = 0; row < batch; row++) expect(whole[row * width + row]).toBe(0);
      }),
    );
  check((cut) => cut);
  expectMutantToFail(() => check(() => 0));
});

const ids = (...columns: number[][]) => columns.map((column) => Int32Array.from(column));

/** Of queries among documents: false negatives alone. */
const falseNegatives = (textIds: readonly Int32Array[], range: { readonly firstRow: number; readonly count: number }) =>
  excludedCandidates(["queryToDoc"], { ...range, batch: textIds[0]!.length, columns: textIds.length, textIds })!;

test("different texts leave nothing out, and there is a mask all the same", () => {
  expect(falseNegatives(ids([0, 1], [2, 3], [4, 5]), { firstRow: 0, count: 2 })).toEqual(new Uint8Array(8));
});

test("worked by hand: an equal positive, an equal negative, an equal query", () => {
  // Row 0 and 2 share a query (7), row 0's positive (1) is also row 1's positive and row 2's negative.
  const mask = falseNegatives(ids([7, 8, 7], [1, 1, 3], [4, 5, 1]), { firstRow: 0, count: 3 });
  expect([...mask]).toEqual([
    ...[0, 1, 1, 0, 0, 1], // positive 1 = own text, positive 2 answers the same query, negative 2 = own text
    ...[1, 0, 0, 0, 0, 1],
    ...[1, 0, 0, 0, 0, 0],
  ]);
});

test("a document with the text of the query itself stays", () => {
  expect(falseNegatives(ids([1, 2], [2, 1]), { firstRow: 0, count: 2 })).toEqual(new Uint8Array(4));
});

const text = fc.integer({ min: 0, max: 4 });
const columnsOfTexts = fc
  .tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 2, max: 4 }))
  .chain(([rows, columns]) =>
    fc.array(
      fc.array(text, { minLength: rows, maxLength: rows }).map((a) => Int32Array.from(a)),
      { minLength: columns, maxLength: columns },
    ),
  );

test("it leaves out exactly what the rule says, and never the own positive", () => {
  fc.assert(
    fc.property(columnsOfTexts, (columns) => {
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
      expect([...mask]).toEqual(expected);
    }),
  );
});

test("a core's rows of the mask are those rows of the whole mask", () => {
  fc.assert(
    fc.property(columnsOfTexts, fc.nat(5), fc.nat(5), (columns, a, b) => {
      const rows = columns[0]!.length;
      const [firstRow, end] = [Math.min(a, b) % rows, Math.max(a, b, 1) % (rows + 1)];
      fc.pre(firstRow < end);
      const width = (columns.length - 1) * rows;
      const whole = falseNegatives(columns, { firstRow: 0, count: rows });
      const own = falseNegatives(columns, { firstRow, count: end - firstRow });
      expect([...own]).toEqual([...whole.slice(firstRow * width, end * width)]);
    }),
  );
});
