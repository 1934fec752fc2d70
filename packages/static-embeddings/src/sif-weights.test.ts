import { ConfigError } from "@kindred/errors";
import { expectMutantToFail } from "@kindred/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { sifWeights } from "./sif-weights.ts";

test("three tokens, worked by hand", () => {
  // Inverse ranks 1/2, 1/3, 1/4 sum to 13/12: p = 6/13, 4/13, 3/13.
  const weights = sifWeights(3, 0.1);
  expect(weights[0]).toBeCloseTo(0.1 / (0.1 + 6 / 13), 15);
  expect(weights[2]).toBeCloseTo(0.1 / (0.1 + 3 / 13), 15);
  expect(sifWeights(1, 0.5)).toEqual(Float64Array.of(1 / 3));
});

test("weights are between 0 and 1, and rise with the rank", () => {
  const law = (weightsOf: typeof sifWeights) =>
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 300 }),
        fc.double({ min: 1e-8, max: 0.99, noNaN: true }),
        (count, coefficient) => {
          const weights = weightsOf(count, coefficient);
          expect(weights.length).toBe(count);
          for (const [rank, weight] of weights.entries()) {
            expect(weight > 0 && weight < 1).toBe(true);
            if (rank > 0) expect(weight).toBeGreaterThan(weights[rank - 1] ?? 1);
          }
        },
      ),
    );
  law(sifWeights);
  expectMutantToFail(() => law((count, coefficient) => sifWeights(count, coefficient).reverse()));
});

test("refuses other counts and coefficients", () => {
  expect(() => sifWeights(0, 0.1)).toThrow(ConfigError);
  expect(() => sifWeights(3, 0)).toThrow("expected a number between 0 and 1");
  expect(() => sifWeights(3, 1)).toThrow(ConfigError);
});
