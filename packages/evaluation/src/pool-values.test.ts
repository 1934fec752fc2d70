import { ShapeError } from "@kindred/errors";
import { expectMutantToFail } from "@kindred/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { mrrOfPairs, pairRanks, poolValues, rankingMetrics, rightRanks } from "./index.ts";

/** A pool of a few queries and candidates, with scores that are often equal. */
const pools = fc
  .record({ rows: fc.integer({ min: 1, max: 5 }), columns: fc.integer({ min: 1, max: 14 }) })
  .chain(({ rows, columns }) =>
    fc.record({
      matrix: fc
        .array(fc.oneof(fc.integer({ min: -2, max: 2 }), fc.constant(Number.NaN)), {
          minLength: rows * columns,
          maxLength: rows * columns,
        })
        .map((scores) => ({ scores: Float64Array.from(scores), rows, columns })),
      right: fc.array(fc.uniqueArray(fc.integer({ min: 0, max: columns - 1 }), { minLength: 1 }), {
        minLength: rows,
        maxLength: rows,
      }),
    }),
  );

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

test("the first rank is that of pairRanks, and all are those of a ranking in which wrong ones go before equal right ones", () => {
  fc.assert(
    fc.property(pools, ({ matrix, right }) => {
      const ranks = rightRanks(matrix, right);
      expect(ranks.map(([first]) => first)).toEqual([...pairRanks(matrix, { right })]);
      const values = poolValues(matrix, right);
      expect(mean(values["mrr@10"])).toBeCloseTo(mrrOfPairs(matrix, { right }), 12);
      if (matrix.scores.some(Number.isNaN)) return; // a right one without a number is last, not among equals
      const order = (isLenient: boolean) =>
        right.map((answers, query) =>
          Array.from({ length: matrix.columns }, (_, candidate) => candidate)
            .sort((a, b) => {
              const score = (candidate: number) => matrix.scores[query * matrix.columns + candidate] ?? 0;
              const isRight = (candidate: number) => Number(answers.includes(candidate)) * (isLenient ? -1 : 1);
              return score(b) - score(a) || isRight(a) - isRight(b);
            })
            .map(String),
        );
      const expected = rankingMetrics(
        order(false),
        right.map((answers) => answers.map(String)),
      );
      for (const name of ["mrr@10", "accuracy@1", "recall@10", "ndcg@10"] as const)
        expect(mean(values[name])).toBeCloseTo(expected[name] ?? Number.NaN, 12);
    }),
  );
  const tied = { scores: Float64Array.of(1, 1), rows: 1, columns: 2 };
  expectMutantToFail(() => expect(poolValues(tied, [[0]])["accuracy@1"]).toEqual([1]));
});

test("refuses a query without a right answer", () => {
  const matrix = { scores: Float64Array.of(1, 2), rows: 1, columns: 2 };
  expect(() => rightRanks(matrix, [[]])).toThrow(ShapeError);
  expect(() => poolValues(matrix, [[2]])).toThrow(ShapeError);
});
