import { ConfigError } from "@kindred/errors";
import fc from "fast-check";
import { expect, test } from "vitest";
import { bits53At } from "./uniform.ts";
import { integerAt, keyFromSeed } from "./index.ts";

test("is the draw modulo the bound where the draw is below the last multiple", () => {
  const key = keyFromSeed(42);
  expect(integerAt(key, 9, 10)).toBe(bits53At(key, 9) % 10);
});

test("lies in 0 … bound − 1, for any index and bound; bound 1 gives 0", () => {
  fc.assert(
    fc.property(
      fc.nat(),
      fc.maxSafeNat(),
      fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
      (seed, index, bound) => {
        const integer = integerAt(keyFromSeed(seed), index, bound);
        expect(Number.isInteger(integer)).toBe(true);
        expect(integer).toBeGreaterThanOrEqual(0);
        expect(integer).toBeLessThan(bound);
        expect(integerAt(keyFromSeed(seed), index, 1)).toBe(0);
      },
    ),
  );
});

test("has no bias where it would be largest: a bound of three quarters of the range", () => {
  const bound = 3 * 2 ** 51;
  const key = keyFromSeed("bias");
  const count = 2 ** 14;
  const share = (draw: (index: number) => number) =>
    Array.from({ length: count }, (_, i) => draw(i)).filter((x) => x < bound / 3).length / count;
  // A third lies in the first third, ± 6 deviations of √(2/9/count). Without rejection it is a half: 0.167 more, eight
  // times the limit.
  const limit = 6 * Math.sqrt(2 / 9 / count);
  expect(Math.abs(share((i) => integerAt(key, i, bound)) - 1 / 3)).toBeLessThan(limit);
  expect(Math.abs(share((i) => bits53At(key, i) % bound) - 1 / 3)).toBeGreaterThan(7 * limit);
});

test.each([0, -1, 1.5, NaN, 2 ** 53])("refuses the bound %s", (bound) => {
  expect(() => integerAt(keyFromSeed(0), 0, bound)).toThrow(ConfigError);
});

test.each([-1, 1.5, NaN, 2 ** 53])("refuses the index %s", (index) => {
  expect(() => integerAt(keyFromSeed(0), index, 6)).toThrow(ConfigError);
});
