import { expectMutantToFail } from "@kindred/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { excludedCandidates } from "./excluded-candidates.ts";
import { falseNegatives } from "./false-negatives.ts";
import type { Direction } from "./softmax-directions.ts";

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

test("for query to document it is the mask of false negatives", () => {
  fc.assert(
    fc.property(batches, ({ textIds, cut }) => {
      const range = { firstRow: 0, count: cut };
      const mask = excludedCandidates(["queryToDoc"], {
        ...range,
        batch: textIds[0]!.length,
        columns: textIds.length,
        textIds,
      });
      expect(mask).toEqual(falseNegatives(textIds, range));
    }),
  );
});
