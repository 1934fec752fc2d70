import { ConfigError } from "@kindred/errors";
import fc from "fast-check";
import { expect, test } from "vitest";
import { dropoutCounter, dropoutKeep, dropoutThreshold, keyFromSeed, threefry2x32 } from "./index.ts";

const below16Bits = fc.nat({ max: 65535 });
const place = fc.tuple(fc.integer({ min: 0, max: 2 ** 32 - 1 }), below16Bits, below16Bits);

test("counts the row, then position and feature", () => {
  expect(dropoutCounter(5, 2, 767)).toEqual([5, 2 * 65536 + 767]);
  expect(dropoutCounter(0, 65535, 65535)).toEqual([0, 2 ** 32 - 1]);
});

test("different places have different counters", () => {
  fc.assert(
    fc.property(place, place, (a, b) => {
      expect(dropoutCounter(...a).join() === dropoutCounter(...b).join()).toBe(a.join() === b.join());
    }),
  );
});

test("comparing with the threshold is comparing with rate·2³²", () => {
  const rate = fc.double({ min: 0, max: 1 - 2 ** -32, noNaN: true });
  fc.assert(
    fc.property(rate, fc.integer({ min: -2, max: 2 }), fc.nat(), (share, near, other) => {
      for (const word of [Math.floor(share * 2 ** 32) + near, other]) {
        expect(word >= dropoutThreshold(share)).toBe(word >= share * 2 ** 32);
      }
    }),
  );
});

test("keeps an element by the first word of its block", () => {
  const key = keyFromSeed(3);
  fc.assert(
    fc.property(place, fc.constantFrom(0, 0.1, 0.5), ([row, position, feature], rate) => {
      const [word] = threefry2x32(key, row, position * 65536 + feature);
      expect(dropoutKeep(key, rate, { row, position, feature })).toBe(word >= rate * 2 ** 32);
    }),
  );
});

test("drops the share that was asked for; rate 0 drops nothing", () => {
  const key = keyFromSeed(4);
  const count = 2 ** 16;
  const dropped = (rate: number) =>
    Array.from({ length: count }, (_, i) =>
      dropoutKeep(key, rate, { row: i >>> 12, position: (i >>> 8) & 15, feature: i & 255 }),
    ).filter((kept) => !kept).length / count;
  // Binomial deviation √(0.09/count) = 0.0012, six of them 0.007; kept and dropped exchanged would be 0.8 off.
  expect(Math.abs(dropped(0.1) - 0.1)).toBeLessThan(0.007);
  expect(dropped(0)).toBe(0);
});

test.each([-0.1, 1, NaN])("refuses the rate %s", (rate) => {
  expect(() => dropoutKeep(keyFromSeed(0), rate, { row: 0, position: 0, feature: 0 })).toThrow(ConfigError);
});
