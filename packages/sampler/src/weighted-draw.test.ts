import fc from "fast-check";
import { expect, test } from "vitest";
import { weightedDraw } from "./index.ts";

test("cuts [0, 1) in proportion to the weights", () => {
  const drawn = [0, 0.24, 0.25, 0.74, 0.75, 0.99].map((uniform) => weightedDraw([1, 2, 0, 1], uniform));
  expect(drawn).toEqual([0, 0, 1, 1, 3, 3]);
});

test("never picks a weight of 0, whatever the rounding", () => {
  const weights = fc
    .array(fc.double({ min: 0, max: 1e300, noNaN: true }), { minLength: 1 })
    .filter((drawn) => drawn.some((weight) => weight > 0));
  fc.assert(
    fc.property(
      weights,
      fc.oneof(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), fc.constantFrom(0, 1 - 2 ** -53)),
      (drawn, uniform) => {
        expect(drawn[weightedDraw(drawn, uniform)]).toBeGreaterThan(0);
      },
    ),
  );
});

test("picks the index whose interval holds the number, by exact whole-number arithmetic", () => {
  const draws = fc.array(fc.nat(1000), { minLength: 1 }).filter((weights) => weights.some((weight) => weight > 0));
  fc.assert(
    fc.property(draws, fc.nat(), (weights, n) => {
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      const place = n % total;
      const expected = weights.flatMap((weight, index) => new Array<number>(weight).fill(index))[place];
      // The middle of the unit interval that belongs to the place, half a unit from every cut.
      expect(weightedDraw(weights, (place + 0.5) / total)).toBe(expected);
    }),
  );
});
