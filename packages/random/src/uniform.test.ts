import { ConfigError } from "@kindred/errors";
import fc from "fast-check";
import { expect, test } from "vitest";
import { keyFromSeed, threefry2x32, uniform, uniformAt } from "./index.ts";

test("cuts each of a block's two words to 24 bits", () => {
  const key = keyFromSeed(42);
  const [first, second] = threefry2x32(key, 1, 0);
  expect([...uniform(key, 4)].slice(2)).toEqual([(first >>> 8) / 2 ** 24, (second >>> 8) / 2 ** 24]);
});

test("uniformAt cuts a block to 53 bits, its counter the index", () => {
  const key = keyFromSeed(42);
  const [high, low] = threefry2x32(key, 7, 3);
  expect(uniformAt(key, 3 * 2 ** 32 + 7)).toBe(((high >>> 5) * 2 ** 26 + (low >>> 6)) / 2 ** 53);
});

test("lies in [0, 1), at any index", () => {
  fc.assert(
    fc.property(fc.nat(), fc.maxSafeNat(), (seed, index) => {
      const u = uniformAt(keyFromSeed(seed), index);
      expect(u).toBeGreaterThanOrEqual(0);
      expect(u).toBeLessThan(1);
    }),
  );
  expect(Math.max(...uniform(keyFromSeed(0), 100_000))).toBeLessThan(1);
});

test("no numbers are none", () => expect(uniform(keyFromSeed(0), 0)).toEqual(new Float32Array(0)));

test.each([-1, 0.5, NaN, 2 ** 53])("refuses %s as a count and as an index", (bad) => {
  expect(() => uniform(keyFromSeed(0), bad)).toThrow(ConfigError);
  expect(() => uniformAt(keyFromSeed(0), bad)).toThrow(ConfigError);
});
