import { ConfigError } from "@kindred/errors";
import fc from "fast-check";
import { expect, test } from "vitest";
import { childKey, integerAt, type Key, keyFromSeed, permutation } from "./index.ts";

test("holds each number once", () => {
  fc.assert(
    fc.property(fc.nat(), fc.nat({ max: 500 }), (seed, n) => {
      expect([...permutation(keyFromSeed(seed), n)].sort((a, b) => a - b)).toEqual(
        Array.from({ length: n }, (_, i) => i),
      );
    }),
  );
});

test("gives each of the 24 orders of four as often as any other; a shuffle that swaps with all places does not", () => {
  // X² has 23 degrees of freedom: mean 23, deviation √46 = 6.8, and 6 deviations above is 64.
  expect(chiSquareOfOrders(permutation)).toBeLessThan(64);
  expect(chiSquareOfOrders(naiveShuffle)).toBeGreaterThan(640);
});

test.each([-1, 0.5, NaN, 2 ** 32])("refuses the size %s", (n) => {
  expect(() => permutation(keyFromSeed(0), n)).toThrow(ConfigError);
});

function chiSquareOfOrders(shuffle: (key: Key, n: number) => ArrayLike<number>): number {
  const counts = new Map<string, number>();
  const perOrder = 2000;
  for (let i = 0; i < 24 * perOrder; i++) {
    const order = Array.from(shuffle(childKey(keyFromSeed("orders"), i), 4)).join("");
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  const missing = (24 - counts.size) * perOrder;
  return [...counts.values()].reduce((sum, count) => sum + (count - perOrder) ** 2 / perOrder, missing);
}

function naiveShuffle(key: Key, n: number): number[] {
  const order = Array.from({ length: n }, (_, i) => i);
  for (let i = 0; i < n; i++) {
    const j = integerAt(key, i, n);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}
