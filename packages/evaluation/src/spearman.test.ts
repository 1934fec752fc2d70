import { ShapeError } from "@kindred/errors";
import { expectMutantToFail } from "@kindred/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { averageRanks } from "./spearman.ts";
import { pearson, scoredPairs, spearman } from "./index.ts";

// Small integers: many ties, and exact sums.
const number = fc.integer({ min: -6, max: 6 });
const lists = fc
  .array(fc.tuple(number, number), { minLength: 2, maxLength: 30 })
  .map((pairs) => [pairs.map(([x]) => x), pairs.map(([, y]) => y)] as const);

// float64 over at most 30 terms: 30 roundings of 1.1e-16 in each sum, relative to sums that are 1 at the end. A tie
// broken by place is 1e-2 off.
const close = (actual: number, expected: number) => {
  if (Number.isNaN(expected)) expect(actual).toBeNaN();
  else expect(Math.abs(actual - expected)).toBeLessThan(1e-13);
};

test("shares ranks between equal numbers", () => {
  expect([...averageRanks([10, 20, 20, 5, 20])]).toEqual([2, 4, 4, 1, 4]);
  expect([...averageRanks([0, -0])]).toEqual([1.5, 1.5]);
  expect([...averageRanks([Infinity, -Infinity, Infinity])]).toEqual([2.5, 1, 2.5]);
});

test("ranks 2, 1, 4, 3, 5 against 1 … 5: 1 − 6·4/(5·24)", () => close(spearman([2, 1, 4, 3, 5], [1, 2, 3, 4, 5]), 0.8));

test("ranks add up to n(n + 1)/2 and order as the numbers do", () => {
  fc.assert(
    fc.property(fc.array(number), (values) => {
      const ranks = averageRanks(values);
      expect(ranks.reduce((sum, rank) => sum + rank, 0)).toBe((values.length * (values.length + 1)) / 2);
      values.forEach((x, i) => {
        values.forEach((y, j) => {
          expect(Math.sign(ranks[i]! - ranks[j]!) + 0).toBe(Math.sign(x - y) + 0);
        });
      });
    }),
  );
});

const equalsTheDefinition = (correlation: typeof pearson) =>
  fc.assert(
    fc.property(lists, ([x, y]) => {
      const mean = (v: readonly number[]) => v.reduce((sum, a) => sum + a, 0) / v.length;
      const covariance = (v: readonly number[], w: readonly number[]) =>
        mean(v.map((a, i) => (a - mean(v)) * (w[i]! - mean(w))));
      const constant = new Set(x).size < 2 || new Set(y).size < 2;
      close(correlation(x, y), constant ? NaN : covariance(x, y) / Math.sqrt(covariance(x, x) * covariance(y, y)));
    }),
  );

test("Pearson equals its definition, and dividing by n − 1 in one place only would be noticed", () => {
  equalsTheDefinition(pearson);
  expectMutantToFail(() => equalsTheDefinition((x, y) => (pearson(x, y) * x.length) / (x.length - 1)));
});

test("both lie in [−1, 1], do not care which list comes first or how pairs are ordered, and turn with a list", () => {
  fc.assert(
    fc.property(lists, ([x, y]) => {
      for (const correlation of [pearson, spearman]) {
        const r = correlation(x, y);
        if (!Number.isNaN(r)) expect(Math.abs(r)).toBeLessThanOrEqual(1);
        close(correlation(y, x), r);
        close(correlation([...x].reverse(), [...y].reverse()), r);
        close(
          correlation(
            x.map((a) => -a),
            y,
          ),
          -r,
        );
      }
    }),
  );
});

const isUnchangedByRisingFunctions = (correlation: typeof spearman) =>
  fc.assert(
    fc.property(lists, ([x, y]) =>
      close(
        correlation(
          x.map((a) => a ** 3 + a),
          y.map(Math.exp),
        ),
        correlation(x, y),
      ),
    ),
  );

test("Spearman is unchanged by any rising function; Pearson is not", () => {
  isUnchangedByRisingFunctions(spearman);
  expectMutantToFail(() => isUnchangedByRisingFunctions(pearson));
});

test("Pearson is unchanged by a straight rising line, at any scale", () => {
  fc.assert(
    fc.property(lists, fc.constantFrom(1e-200, 0.5, 1e200), ([x, y], scale) =>
      close(
        pearson(
          x.map((a) => a * scale),
          y,
        ),
        pearson(x, y),
      ),
    ),
  );
});

test("is NaN where there is nothing to correlate", () => {
  for (const correlation of [pearson, spearman]) {
    expect(correlation([], [])).toBeNaN();
    expect(correlation([1], [2])).toBeNaN();
    expect(correlation([0.1, 0.1, 0.1], [1, 2, 3])).toBeNaN();
    expect(correlation([1, NaN, 3], [1, 2, 3])).toBeNaN();
  }
  expect(pearson([1, Infinity, 3], [1, 2, 3])).toBeNaN();
});

test("refuses lists of different lengths", () => {
  expect(() => pearson([1, 2], [1])).toThrow(ShapeError);
  expect(() => spearman([1, 2], [1])).toThrow(ShapeError);
  const rows = { embeddings: Float32Array.of(1, 2), dimension: 1 };
  expect(() => scoredPairs({ first: rows, second: rows, gold: [1] })).toThrow(ShapeError);
});
