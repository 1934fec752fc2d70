import { ConfigError } from "@kindred/errors";
import fc from "fast-check";
import { expect, test } from "vitest";
import { keyFromSeed, normal } from "./index.ts";
import { normalQuantile } from "./normal.ts";

// Φ's own series inverted by Newton's method with 50 digits, cut to 16.
test.each([
  [0.5, 0],
  [0.975, 1.959963984540054],
  [0.9, 1.2815515655446004],
  [0.001, -3.090232306167813],
  [1e-9, -5.997807015007687],
])("Φ⁻¹(%s) is %s", (p, x) => {
  // Relative error of AS 241 is 1e-16 as published; the sums add a few roundings of 1.1e-16. The nearest mutant, 1.6 as
  // 1.6001, is off by 1e-5.
  expect(Math.abs(normalQuantile(p) - x)).toBeLessThanOrEqual(1e-14 * Math.abs(x));
});

test("is odd around one half, and rises", () => {
  const word = fc.nat({ max: 2 ** 31 - 2 });
  fc.assert(
    fc.property(word, (w) => {
      const p = (w + 0.5) / 2 ** 32;
      expect(normalQuantile(1 - p)).toBeCloseTo(-normalQuantile(p), 12);
      expect(normalQuantile(p + 2 ** -32)).toBeGreaterThan(normalQuantile(p));
    }),
  );
});

test("its slope is the inverse density, across the seam at ±0.425 too", () => {
  const p = fc.oneof(fc.double({ min: 1e-6, max: 1 - 1e-6, noNaN: true }), fc.constantFrom(0.075, 0.925));
  fc.assert(
    fc.property(p, (at) => {
      const h = Math.min(at, 1 - at) * 1e-4;
      const slope = (normalQuantile(at + h) - normalQuantile(at - h)) / (2 * h);
      const density = Math.exp(-(normalQuantile(at) ** 2) / 2) / Math.sqrt(2 * Math.PI);
      // The quotient is off by h²x‴/6x′ ≈ 1e-8·(1 + 2x²)/6x² in the tails, far below 1e-6; a jump of 1e-8 at the seam
      // would show as 1e-4.
      expect(Math.abs(slope * density - 1)).toBeLessThan(1e-6);
    }),
  );
});

test("a mean moves it and a spread stretches it", () => {
  const standard = normal(keyFromSeed(1), 100);
  const moved = normal(keyFromSeed(1), 100, { mean: -2, standardDeviation: 0.5 });
  // Two roundings to float32, of numbers below 4 here: at most 4·2⁻²⁴ each, 5e-7 together. A spread of 0.51 would be
  // 1e-2 off.
  for (const [i, x] of moved.entries()) expect(Math.abs(x - (-2 + 0.5 * standard[i]!))).toBeLessThan(5e-7);
  expect([...normal(keyFromSeed(1), 3, { mean: 7, standardDeviation: 0 })]).toEqual([7, 7, 7]);
});

test.each([{ mean: NaN }, { standardDeviation: -1 }, { standardDeviation: Infinity }])("refuses %o", (options) => {
  expect(() => normal(keyFromSeed(0), 1, options)).toThrow(ConfigError);
});
