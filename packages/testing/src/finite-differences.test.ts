import fc from "fast-check";
import { expect, test } from "vitest";
import { expectMutantToFail, finiteDifferences } from "./index.ts";

test("the gradient of x²y at (3, 2) is (12, 9)", () => {
  expect(finiteDifferences(([x, y]) => x! * x! * y!, [3, 2])).toBeCloseToArray([12, 9], { tolerance: 1e-8 });
});

const numbers = fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: 1, maxLength: 8 });
const f = (x: Float64Array) => x.reduce((sum, v, i) => sum + Math.sin(v + i) * Math.exp(v / 4), 0);
const gradient = (x: number[], coefficient: number) =>
  x.map((v, i) => Math.exp(v / 4) * (Math.cos(v + i) + Math.sin(v + i) * coefficient));

// h² |f‴| / 6 ≤ 1e-10 · 9 · 3 / 6 with h ≤ 3e-5, and 2⁻⁵³ · |f| / h ≤ 1e-16 · 17 / 1e-5: below 1e-9.
test("the derivative of sin·exp is met to 1e-9 everywhere", () => {
  const check = (coefficient: number) => {
    fc.assert(
      fc.property(numbers, (x) => {
        expect(finiteDifferences(f, x)).toBeCloseToArray(gradient(x, coefficient), { tolerance: 1e-9 });
      }),
    );
  };
  check(0.25);
  expectMutantToFail(() => check(0.25 + 1e-6));
});

test("leaves x as it is, and coordinates that were not asked for NaN", () => {
  const x = Float64Array.of(1, 2, 3);
  const gradient = finiteDifferences(f, x, { only: [1] });
  expect(x).toEqual(Float64Array.of(1, 2, 3));
  expect([...gradient].map(Number.isNaN)).toEqual([true, false, true]);
});
