import { ShapeError } from "@kindred/errors";
import { expectMutantToFail } from "@kindred/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { pairClassification } from "./index.ts";

test("by hand: matches at ranks 1 and 3 of 4", () => {
  const found = pairClassification([0.9, 0.8, 0.7, 0.1], [true, false, true, false]);
  // (1/1 + 2/3) / 2; all but one right from 0.9 or from 0.7 on; F1 of 0.7: 2·(2/3)·1 / (2/3 + 1) = 0.8
  expect(found.averagePrecision).toBeCloseTo(5 / 6, 15);
  expect([found.accuracy, found.accuracyThreshold]).toEqual([0.75, 0.9]);
  expect([found.f1, found.f1Threshold]).toEqual([0.8, 0.7]);
});

const pairs = fc.array(fc.tuple(fc.integer({ min: -4, max: 4 }), fc.boolean()), { minLength: 1, maxLength: 30 });

/** Every threshold tried, and precision and recall counted anew for each. */
function reference(all: readonly (readonly [score: number, match: boolean])[]) {
  const matches = all.filter(([, match]) => match).length;
  const thresholds = [...new Set(all.map(([score]) => score))].sort((a, b) => b - a);
  let [before, averagePrecision, accuracy, f1] = [0, 0, (all.length - matches) / all.length, 0];
  for (const threshold of thresholds) {
    const taken = all.filter(([score]) => score >= threshold);
    const found = taken.filter(([, match]) => match).length;
    const [precision, recall] = [found / taken.length, found / matches];
    averagePrecision += (recall - before) * precision;
    before = recall;
    accuracy = Math.max(accuracy, all.filter(([score, match]) => score >= threshold === match).length / all.length);
    if (found > 0) f1 = Math.max(f1, (2 * precision * recall) / (precision + recall));
  }
  return { averagePrecision, accuracy, f1 };
}

test("equals precision and recall counted at every threshold, whatever the order of the pairs", () => {
  const cut = (all: readonly (readonly [number, boolean])[]) =>
    pairClassification(
      all.map(([score]) => score),
      all.map(([, match]) => match),
    );
  fc.assert(
    fc.property(pairs, (all) => {
      fc.pre(all.some(([, match]) => match));
      const [got, turned, expected] = [cut(all), cut(all.toReversed()), reference(all)];
      for (const metric of ["averagePrecision", "accuracy", "f1"] as const) {
        // At most 30 sums of quotients of small whole numbers: 30 roundings of 1.1e-16.
        expect(Math.abs(got[metric] - expected[metric])).toBeLessThan(1e-14);
        expect(turned[metric]).toBe(got[metric]);
      }
    }),
  );
  // The smallest effect is that of one pair of 30 among equals, 1/30² at least: a cut between equal scores is seen.
  expectMutantToFail(() =>
    expect(pairClassification([1, 1, 1], [true, false, false]).averagePrecision).toBeCloseTo(1, 3),
  );
});

test("a model to which all pairs are alike gets the share of matches", () => {
  expect(pairClassification([2, 2, 2, 2], [true, false, false, false]).averagePrecision).toBe(0.25);
  expect(pairClassification([Number.NaN, Number.NaN], [true, false]).averagePrecision).toBe(0.5);
});

test("without matches there is nothing to tell, and sizes must fit", () => {
  expect(pairClassification([1, 2], [false, false]).averagePrecision).toBeNaN();
  expect(pairClassification([], []).f1).toBeNaN();
  expect(() => pairClassification([1], [])).toThrow(ShapeError);
});
