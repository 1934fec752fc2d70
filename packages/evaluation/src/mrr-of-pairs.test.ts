import { ShapeError } from "@kindred/errors";
import { expectMutantToFail } from "@kindred/testing";
import type { ScoreMatrix } from "@kindred/vectors";
import fc from "fast-check";
import { expect, test } from "vitest";
import { chanceMrr, mrrOfPairs, pairRanks } from "./index.ts";

const matrixOf = (rows: number[][]): ScoreMatrix => ({
  scores: Float64Array.from(rows.flat()),
  rows: rows.length,
  columns: rows[0]?.length ?? 0,
});
/** Any scores, NaN too, with many ties. */
const matrix = fc.tuple(fc.integer({ min: 1, max: 15 }), fc.nat(3)).chain(([rows, more]) => {
  const columns = rows + more;
  const score = fc.constantFrom(0, -0, 0.25, 0.5, 1, NaN);
  return fc
    .array(score, { minLength: rows * columns, maxLength: rows * columns })
    .map((scores) => ({ scores: Float64Array.from(scores), rows, columns }));
});

test("three queries: first, second, and a tie for the first place", () => {
  const scores = matrixOf([
    [9, 1, 1],
    [5, 4, 1],
    [2, 1, 2],
  ]);
  expect([...pairRanks(scores)]).toEqual([1, 2, 2]);
  expect(mrrOfPairs(scores)).toBeCloseTo((1 + 1 / 2 + 1 / 2) / 3, 15);
  expect(mrrOfPairs(scores, { k: 1 })).toBeCloseTo(1 / 3, 15);
});

const equalsSorting = (ranksOf: typeof pairRanks) =>
  fc.assert(
    fc.property(matrix, fc.constantFrom("pessimistic", "id"), (m, ties) => {
      const ranks = ranksOf(m, { ties });
      for (let i = 0; i < m.rows; i++) {
        const row = [...m.scores.subarray(i * m.columns, (i + 1) * m.columns)].map((score) =>
          Number.isNaN(score) ? -Infinity : score,
        );
        const isNan = Number.isNaN(m.scores[i * m.columns + i]);
        // Sorted best first; of equal scores the right answer last, or the lower number first.
        const order = [...row.keys()].sort((a, b) => {
          if (isNan && (a === i) !== (b === i)) return a === i ? 1 : -1;
          if (row[a] !== row[b]) return row[b]! > row[a]! ? 1 : -1;
          return ties === "id" ? a - b : Number(a === i) - Number(b === i);
        });
        expect(ranks[i]).toBe(order.indexOf(i) + 1);
      }
    }),
  );

test("equals sorting each row, with either policy for ties", () => {
  equalsSorting(pairRanks);
  expectMutantToFail(() => equalsSorting((m) => pairRanks(m, { ties: "id" })));
});

test("lies in [0, 1], is never better when ties count against us, and rises with k", () => {
  fc.assert(
    fc.property(matrix, fc.integer({ min: 1, max: 12 }), (m, k) => {
      const mrr = mrrOfPairs(m, { k });
      expect(mrr).toBeGreaterThanOrEqual(0);
      expect(mrr).toBeLessThanOrEqual(mrrOfPairs(m, { k, ties: "id" }));
      expect(mrrOfPairs(m, { k: k + 1 })).toBeGreaterThanOrEqual(mrr);
      expect(mrrOfPairs(m, { ties: "id" })).toBeLessThanOrEqual(1);
    }),
  );
});

test("a model that cannot tell texts apart, or has diverged, gets nothing", () => {
  for (const score of [0.7, NaN, 0]) {
    const same = { scores: new Float64Array(500 * 500).fill(score), rows: 500, columns: 500 };
    expect(mrrOfPairs(same)).toBe(0);
  }
});

test("is 1 when every right answer has the best score alone", () => {
  fc.assert(
    fc.property(matrix, (m) => {
      const best = m.scores.map((score, at) => (at % m.columns === Math.floor(at / m.columns) ? 2 : score));
      expect(mrrOfPairs({ ...m, scores: best })).toBe(1);
    }),
  );
});

test("of several right answers the best counts, among the wrong ones alone", () => {
  const scores = matrixOf([
    [NaN, 3, 3, 2],
    [1, 2, 9, 9],
  ]);
  const right = [
    [0, 3],
    [2, 3],
  ];
  expect([...pairRanks(scores, { right })]).toEqual([3, 1]);
  expect(mrrOfPairs(scores, { right })).toBeCloseTo((1 / 3 + 1) / 2, 15);
  expectMutantToFail(() =>
    expect([...pairRanks(scores, { right: right.map(([first = 0]) => [first]) })]).toEqual([3, 1]),
  );
  for (const wrong of [[[0]], [[0], []], [[0], [4]]])
    expect(() => pairRanks(scores, { right: wrong })).toThrow(ShapeError);
});

test("chance with several right ones is the mean over all orders", () => {
  const orders = (left: number[]): number[][] =>
    left.length === 0
      ? [[]]
      : left.flatMap((first) => orders(left.filter((x) => x !== first)).map((rest) => [first, ...rest]));
  const all = orders([0, 1, 2, 3, 4]);
  for (const right of [1, 2, 3, 5]) {
    const mean = all.reduce((sum, order) => sum + 1 / (order.findIndex((x) => x < right) + 1), 0) / all.length;
    expect(chanceMrr(5, { right })).toBeCloseTo(mean, 14);
  }
});

test("a random order has the MRR that chanceMrr says", () => {
  // Expectations over all ranks, exactly: with n = 500 candidates the right answer has each rank once over the queries
  // of a Latin square.
  const n = 50;
  const latin = matrixOf(Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => (j - i + n + i) % n)));
  expect(mrrOfPairs(latin)).toBeCloseTo(chanceMrr(n), 14);
  expect(chanceMrr(500)).toBeCloseTo(7381 / 2520 / 500, 15);
  expect(chanceMrr(2)).toBe(0.75);
  expect(chanceMrr(4, { k: 1 })).toBe(0.25);
});

test("no queries give NaN; fewer candidates than queries are refused", () => {
  expect(mrrOfPairs({ scores: new Float64Array(0), rows: 0, columns: 3 })).toBeNaN();
  expect(() => mrrOfPairs({ scores: new Float64Array(2), rows: 2, columns: 1 })).toThrow(ShapeError);
  expect(() => pairRanks({ scores: new Float64Array(3), rows: 2, columns: 2 })).toThrow(ShapeError);
});
