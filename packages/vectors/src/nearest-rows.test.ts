import { ShapeError } from "@kindred/errors";
import { expectMutantToFail } from "@kindred/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { nearestRows, similarities, similarityMatrix } from "./index.ts";

// Components of 0, ±1 and ±2: many equal similarities and equal rows.
const rows = fc
  .array(fc.integer({ min: -2, max: 2 }), { maxLength: 30 })
  .map((all) => ({ embeddings: Float32Array.from(all.slice(all.length % 2)), dimension: 2 }));

test("the two rows nearest to (1, 0), the lower number first of equal ones", () => {
  const queries = { embeddings: Float32Array.of(1, 0), dimension: 2 };
  const candidates = { embeddings: Float32Array.of(0, 1, 5, 0, 3, 4, 2, 0), dimension: 2 };
  expect(nearestRows(queries, candidates, { count: 2 })).toEqual([
    [
      { row: 1, score: 1 },
      { row: 3, score: 1 },
    ],
  ]);
  expect(nearestRows(queries, candidates, { count: 1, similarity: "euclidean" })).toEqual([[{ row: 3, score: -1 }]]);
  expect(nearestRows(queries, candidates, { count: 1, places: [0, 9, 2, 3] })).toEqual([[{ row: 3, score: 1 }]]);
});

const equalsSortingAll = (search: typeof nearestRows) =>
  fc.assert(
    fc.property(rows, rows, fc.nat(20), fc.constantFrom(...similarities), (queries, candidates, count, similarity) => {
      const { scores, columns } = similarityMatrix(queries, candidates, { similarity });
      const expected = Array.from({ length: queries.embeddings.length / 2 }, (_, i) =>
        [...scores.subarray(i * columns, (i + 1) * columns)]
          .map((score, row) => ({ row, score }))
          .sort((a, b) => b.score - a.score || a.row - b.row)
          .slice(0, count),
      );
      expect(search(queries, candidates, { count, similarity })).toEqual(expected);
    }),
  );

test("is what sorting all similarities gives", () => {
  equalsSortingAll(nearestRows);
  // Of equal ones the last first:
  expectMutantToFail(() =>
    equalsSortingAll((queries, candidates, options) =>
      nearestRows(queries, candidates, {
        ...options,
        places: Array.from({ length: candidates.embeddings.length / 2 }, (_, i) => -i),
      }),
    ),
  );
});

test("finds rows beyond the first block of candidates, for queries beyond the first of theirs", () => {
  const onCircle = (numbers: number[]) => ({
    embeddings: Float32Array.from(numbers.flatMap((i) => [Math.cos(i / 9000), Math.sin(i / 9000)])),
    dimension: 2,
  });
  const wanted = Array.from({ length: 130 }, (_, i) => i * 65);
  const found = nearestRows(onCircle(wanted), onCircle(Array.from({ length: 8500 }, (_, i) => i)), { count: 1 });
  expect(found.map(([best]) => best?.row)).toEqual(wanted);
});

test("refuses halves of rows and rows of different dimensions", () => {
  const of = (dimension: number) => ({ embeddings: new Float32Array(4), dimension });
  expect(() => nearestRows(of(3), of(2))).toThrow(ShapeError);
  expect(() => nearestRows(of(1), of(2))).toThrow(/nearestRows: rows of different dimensions/);
});
