import fc from "fast-check";
import { expect, test } from "vitest";
import { type FixedValues, keptFixed, saysTheSame } from "./fixed-values.ts";

const none: ReadonlySet<string> = new Set();
const arbitraryValue = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.double(),
    fc.constantFrom(0, -0, Number.NaN, "", "a", true, null, undefined),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.float32Array({ maxLength: 3 }),
    fc.dictionary(fc.constantFrom("a", "b", "c"), tie("value"), { maxKeys: 3 }),
  ),
})).value;
const arbitraryFixed = fc.dictionary(fc.constantFrom("a", "b", "c"), arbitraryValue) as fc.Arbitrary<FixedValues>;

/** What JSON would say, could it tell all numbers apart. */
function said(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) => {
    if (ArrayBuffer.isView(each)) return Array.from(each as Float32Array);
    if (typeof each === "object" && each !== null && !Array.isArray(each))
      return Object.fromEntries(
        Object.entries(each)
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .filter(([, part]) => part !== undefined),
      );
    return typeof each === "number" || each === undefined
      ? `number ${Object.is(each, -0) ? "-0" : String(each)}`
      : each;
  });
}

test("fixed values say the same as what was kept exactly where they would be written the same", () => {
  fc.assert(
    fc.property(arbitraryFixed, arbitraryFixed, (one, other) => {
      const kept = keptFixed(one, none);
      expect(saysTheSame(kept, one, none)).toBe(true);
      expect(saysTheSame(kept, structuredClone(one), none)).toBe(true);
      expect(saysTheSame(kept, other, none)).toBe(said(one) === said(other));
    }),
  );
});

test("what was kept stays as it was, and leaves out what it is told to", () => {
  const sizes = [1, 2];
  const given = { sizes, index: 3 };
  const kept = keptFixed(given, new Set(["index"]));
  sizes.push(4);
  expect(kept).toEqual({ sizes: [1, 2] });
  expect(saysTheSame(kept, { sizes: [1, 2], index: 7 }, new Set(["index"]))).toBe(true);
  expect(saysTheSame(kept, given, new Set(["index"]))).toBe(false);
});

test("functions are no fixed values", () => {
  expect(() => keptFixed({ f: () => 1 }, none)).toThrow(
    "xla: no program can be made for a fixed value. Got f, a function, expected numbers",
  );
});
