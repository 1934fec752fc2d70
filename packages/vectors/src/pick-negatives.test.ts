import { expectMutantToFail } from "@kindred/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type NegativeRules, pickNegatives } from "./pick-negatives.ts";

const ranked = (scores: readonly number[]) => scores.map((score, row) => ({ row, score }));
const rowsOf = (scores: readonly number[], positive: number, rules: NegativeRules) =>
  pickNegatives(ranked(scores), positive, rules).negatives.map(({ row }) => row);

test.each<[rules: NegativeRules, rows: readonly number[]]>([
  [{ count: 3 }, [0, 1, 2]],
  [{ count: 3, rangeMin: 2 }, [2, 3, 4]],
  [{ count: 9, rangeMin: 1, rangeMax: 3 }, [1, 2]],
  [{ count: 2, absoluteMargin: 0 }, [1, 2]],
  [{ count: 2, absoluteMargin: 0.3 }, [3, 4]],
  [{ count: 2, relativeMargin: 0.5 }, [3, 4]],
  [{ count: 2, maxScore: 0.6 }, [2, 3]],
  [{ count: 9, minScore: 0.5 }, [0, 1, 2]],
  [{ count: 1, rangeMin: 1, maxScore: 0.6 }, [3]], // the range is one of those that are left
])("with %j", (rules, rows) => {
  expect(rowsOf([0.9, 0.75, 0.5, 0.25, 0], 0.75, rules)).toEqual(rows);
});

test("a relative margin below a negative positive's score lies below it, too", () => {
  expect(rowsOf([-0.1, -0.5, -0.525, -0.6], -0.5, { count: 4, relativeMargin: 0.05 })).toEqual([2, 3]);
});

const anyRules = fc.record({
  count: fc.integer({ min: 1, max: 5 }),
  rangeMin: fc.option(fc.nat(4), { nil: undefined }),
  rangeMax: fc.option(fc.nat(12), { nil: undefined }),
  maxScore: fc.option(fc.double({ min: -1, max: 1, noNaN: true }), { nil: undefined }),
  minScore: fc.option(fc.double({ min: -1, max: 1, noNaN: true }), { nil: undefined }),
  absoluteMargin: fc.option(fc.double({ min: 0, max: 0.5, noNaN: true }), { nil: undefined }),
  relativeMargin: fc.option(fc.double({ min: 0, max: 0.9, noNaN: true }), { nil: undefined }),
});
const anyScores = fc
  .array(fc.double({ min: -1, max: 1, noNaN: true }), { maxLength: 20 })
  .map((scores) => scores.sort((a, b) => b - a));

test("every negative obeys every rule, the best that do are taken, and all candidates are in, out by one rule, or beyond the range", () => {
  const law = (pick: typeof pickNegatives) =>
    fc.assert(
      fc.property(anyScores, fc.double({ min: -1, max: 1, noNaN: true }), anyRules, (scores, t, rules) => {
        const { maxScore = 2, minScore = -2, absoluteMargin, relativeMargin } = rules;
        const obeys = (s: number) =>
          s <= maxScore &&
          s >= minScore &&
          (absoluteMargin === undefined || !(s + absoluteMargin > t)) &&
          (relativeMargin === undefined || s <= t - Math.abs(t) * relativeMargin);
        const fitting = ranked(scores).filter(({ score }) => obeys(score));
        const { negatives, passedOver } = pick(ranked(scores), t, rules);
        expect(negatives).toEqual(fitting.slice(rules.rangeMin ?? 0, rules.rangeMax).slice(0, rules.count));
        expect(Object.values(passedOver).reduce((sum, n) => sum + n, 0)).toBe(scores.length - fitting.length);
      }),
    );
  law(pickNegatives);
  expectMutantToFail(() => law((candidates, t, rules) => pickNegatives(candidates, t, { ...rules, rangeMin: 0 })));
  expectMutantToFail(() => law((candidates, t, rules) => pickNegatives(candidates, -t, rules)));
});

test("drawn negatives are different ones of the range, best first, each as likely as the others", () => {
  const hits = [0, 0, 0, 0, 0];
  let state = 1;
  const draw = (bound: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
  const scores = [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3];
  for (let i = 0; i < 5000; i++) {
    const rows = rowsOf(scores, 1, { count: 2, rangeMin: 1, rangeMax: 6, draw });
    expect(new Set(rows).size).toBe(2);
    expect(rows).toEqual([...rows].sort());
    for (const row of rows) hits[row - 1]!++; // `!`: the range has five places
  }
  // 2000 each, with a deviation of √(5000 · 0.4 · 0.6) = 35: within five.
  for (const count of hits) expect(Math.abs(count - 2000)).toBeLessThan(175);
  expect(rowsOf([0.9, 0.8], 1, { count: 3, draw })).toEqual([0, 1]);
});
