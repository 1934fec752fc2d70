import { expect } from "vitest";
import { type ArrayTolerance, arrayDifference } from "./array-difference.ts";

interface ArrayMatchers<Result> {
  /**
   * Passes when every element is within the tolerance of the expected one; else says how many are not, and for the worst where it
   * is (by axis), both values, by how much they differ and how much was allowed.
   */
  toBeCloseToArray(expected: ArrayLike<number>, allowed?: ArrayTolerance): Result;
}

declare module "vitest" {
  // biome-ignore lint/suspicious/noExplicitAny: vitest declares it so
  interface Matchers<T = any> extends ArrayMatchers<T> {}
}

expect.extend({
  toBeCloseToArray(actual: ArrayLike<number>, expected: ArrayLike<number>, allowed?: ArrayTolerance) {
    const difference = arrayDifference(actual, expected, allowed);
    return {
      pass: difference === undefined,
      message: () => difference ?? "arrays are within the tolerance, and should not be",
    };
  },
});
