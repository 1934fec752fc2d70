import fc from "fast-check";
import { expect, test } from "vitest";
import { holdOutThreshold, isHeldOut } from "./hold-out.ts";

test("rows of one group fall on one side, and a row's side depends on nothing else", () => {
  fc.assert(
    fc.property(
      fc.string(),
      fc.string(),
      fc.string(),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (group, one, other, threshold) => {
        expect(isHeldOut({ texts: [one, "b"], group }, threshold)).toBe(
          isHeldOut({ texts: [other, "c"], group }, threshold),
        );
        expect(isHeldOut({ texts: [one, "b"] }, threshold)).toBe(isHeldOut({ texts: [one, "c"] }, threshold));
      },
    ),
  );
});

test("about the asked share is held out", () => {
  const held = Array.from({ length: 10_000 }, (_, i) => isHeldOut({ texts: [`text ${i}`] }, 0.1)).filter(
    Boolean,
  ).length;
  // binomial: standard deviation √(10 000 · 0.1 · 0.9) = 30; five of them
  expect(Math.abs(held - 1000)).toBeLessThan(150);
});

test("the bound on rows lowers the share of a large file, not of a small one", () => {
  expect(holdOutThreshold(1000, { holdOut: 0.02, maxHoldOutRows: 500 })).toBe(0.02);
  expect(holdOutThreshold(1_000_000, { holdOut: 0.02, maxHoldOutRows: 500 })).toBe(0.0005);
});
