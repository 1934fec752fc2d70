import fc from "fast-check";
import { expect, test } from "vitest";
import { arbitraryFloat32Array, arrayDifference, expectMutantToFail } from "./index.ts";

test("says how many elements differ, where the worst is by axis, by how much, and what was allowed", () => {
  const actual = [0, 1, 2, 3, 4, 5.5];
  const expected = [0, 1, 2.2, 3, 4, 5];
  expect(arrayDifference(actual, expected, { tolerance: 0.1, shape: [2, 3], axes: "token hidden" })).toBe(
    "2 of 6 elements differ, most at [token 1, hidden 2]: 5.5 instead of 5, off by 0.500 where 0.100 is allowed (5.00 times)",
  );
  expect(arrayDifference([1], [1, 2])).toBe("1 elements instead of 2");
});

test("an array equals itself, NaN and infinities included", () => {
  fc.assert(
    fc.property(arbitraryFloat32Array({ special: true }), (x) => {
      expect(arrayDifference(x, x)).toBeUndefined();
      expect(x).toBeCloseToArray(x);
    }),
  );
});

test("any change beyond the tolerance is noticed, at its place", () => {
  const array = arbitraryFloat32Array({ minLength: 1 });
  fc.assert(
    fc.property(array, fc.nat(), fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, 1e39), (x, where, wrong) => {
      const at = where % x.length;
      const changed = Array.from(x);
      changed[at] = wrong;
      expect(arrayDifference(changed, x, { tolerance: 1e38 })).toContain(`most at [${at}]: ${wrong} instead of`);
      expect(arrayDifference(x, changed, { tolerance: 1e38 })).toBeDefined();
    }),
  );
});

test("the relative part of the tolerance is a share of the expected element", () => {
  expect([101, -0.99]).toBeCloseToArray([100, -1], { relative: 0.0101 });
  expectMutantToFail(() => expect([101, -0.9]).toBeCloseToArray([100, -1], { relative: 0.0101 }));
});
