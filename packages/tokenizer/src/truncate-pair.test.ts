import { expectMutantToFail } from "@kindred/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { truncatePair } from "./truncate-pair.ts";

/** Takes one piece at a time from the longer text; when they are equally long, from the one that was shorter (first of equals). */
function naive(first: number, second: number, limit: number): [number, number] {
  let [a, b] = [first, second];
  while (a + b > limit) {
    if (a > b || (a === b && first <= second)) a--;
    else b--;
  }
  return [a, b];
}

test.each([
  [3, 4, 10, [3, 4]],
  [10, 2, 8, [6, 2]],
  [2, 10, 8, [2, 6]],
  [10, 10, 8, [4, 4]],
  [13, 9, 5, [3, 2]],
  [9, 13, 5, [2, 3]],
  [9, 9, 5, [2, 3]],
  [5, 5, 0, [0, 0]],
])("of %i and %i pieces in %i places, %j are kept", (first, second, limit, kept) => {
  expect(truncatePair(first, second, limit)).toEqual(kept);
});

const equalsOneByOne = (keep: typeof truncatePair) =>
  fc.assert(
    fc.property(fc.nat(40), fc.nat(40), fc.nat(60), (first, second, limit) => {
      expect(keep(first, second, limit)).toEqual(naive(first, second, limit));
    }),
  );

test("keeps what taking one piece at a time from the longer text keeps", () => {
  equalsOneByOne(truncatePair);
  expectMutantToFail(() => equalsOneByOne((a, b, limit) => [Math.min(a, limit), Math.min(b, Math.max(0, limit - a))]));
});
