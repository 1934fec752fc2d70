import fc from "fast-check";
import { expect, test } from "vitest";
import { groupOf } from "./parameter-group.ts";

const spec = (name: string) => ({ name, shape: [2], kind: "shift", depth: 1 }) as const;

test.each([
  ["a", "a", true],
  ["a", "ab", false],
  ["", "a", false],
  ["*", "", true],
  ["a*", "ab.c", true],
  ["a*", "ba", false],
  ["*.bias", "x.bias", true],
  ["*.bias", "bias", false],
  ["a*b*c", "a1b2c", true],
  ["a*b*c", "a1c2b", false],
  ["ab*ba", "aba", false],
  ["layer.1.*", "layer.10.weight", false],
  ["a.c", "abc", false],
])("%j says of %j: %j", (pattern, name, expected) => {
  expect(groupOf([{ names: [pattern] }], spec(name)) === 0).toBe(expected);
});

test("a pattern with stars matches what a regular expression of it matches", () => {
  const word = fc.string({ unit: fc.constantFrom("a", "b", "."), maxLength: 6 });
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 4 }), word, word, (parts, name, between) => {
      const regular = new RegExp(`^${parts.map((part) => part.replaceAll(".", "\\.")).join(".*")}$`);
      for (const candidate of [name, parts.join(between)])
        expect(groupOf([{ names: [parts.join("*")] }], spec(candidate)) === 0).toBe(regular.test(candidate));
    }),
    { numRuns: 500 },
  );
});

test("all that a group says must hold, and the first group counts", () => {
  const groups = [
    { names: ["x"], kinds: ["gain"] },
    { kinds: ["shift"], depth: 2 },
    { kinds: ["gain", "shift"], depth: 1 },
    { names: ["x", "y"] },
  ] as const;
  expect(
    [spec("x"), { ...spec("x"), depth: 0 }, { ...spec("z"), depth: 0 }].map((each) => groupOf(groups, each)),
  ).toEqual([2, 3, -1]);
});
