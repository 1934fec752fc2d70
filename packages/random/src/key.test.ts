import { ConfigError } from "@kindred/errors";
import fc from "fast-check";
import { expect, test } from "vitest";
import { childKey, type Key, keyFromSeed, threefry2x32 } from "./index.ts";

const word = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const key = fc.tuple(word, word);
const element = fc.oneof(fc.string({ unit: "binary" }), fc.maxSafeInteger());

test("hashes a name by the block function, length first, bytes little-endian", () => {
  const parent: Key = [1, 2];
  const start = threefry2x32([1 ^ 0x73706c74, 2], 0, 9);
  const first = threefry2x32(start, 0x64636261, 0x68676665); // "abcd", "efgh"
  expect(childKey(parent, "abcdefghi")).toEqual(threefry2x32(first, 0x69, 0));
});

test("hashes a number by its two's complement", () => {
  const start = threefry2x32([1 ^ 0x73706c74, 2], 1, 8);
  expect(childKey([1, 2], -1)).toEqual(threefry2x32(start, 0xffffffff, 0xffffffff));
  expect(childKey([1, 2], 2 ** 32 + 5)).toEqual(threefry2x32(start, 5, 1));
});

test("the same path gives the same key, whole or step by step", () => {
  fc.assert(
    fc.property(key, fc.array(element), fc.array(element), (parent, head, tail) => {
      expect(childKey(parent, ...head, ...tail)).toEqual(childKey(childKey(parent, ...head), ...tail));
    }),
  );
});

test("children of different names, numbers and parents differ, and none is its parent", () => {
  fc.assert(
    fc.property(key, fc.uniqueArray(element, { minLength: 2 }), (parent, names) => {
      const children = names.map((name) => childKey(parent, name).join());
      expect(new Set([...children, parent.join()]).size).toBe(names.length + 1);
    }),
  );
  const likely = ["", "\0", "\0\0", "a", "a\0", "0", 0, "1", 1, -1, 2 ** 32, 2 ** 32 + 1, -(2 ** 32)];
  expect(new Set(likely.map((name) => childKey([0, 0], name).join())).size).toBe(likely.length);
});

test("a child is none of the first numbers that its parent draws", () => {
  const parent = keyFromSeed(1);
  const drawn = new Set(
    Array.from({ length: 4096 }, (_, i) => threefry2x32(parent, i % 64, Math.floor(i / 64)).join()),
  );
  for (let i = 0; i < 64; i++) expect(drawn).not.toContain(childKey(parent, i).join());
  expect(drawn).toContain(threefry2x32(parent, 1, 8).join()); // where an undivided split of a number would begin
});

test('seeds are children of one key: 7 and "7" differ, equal seeds are equal', () => {
  expect(keyFromSeed(7)).toEqual(keyFromSeed(7));
  expect(keyFromSeed(7)).not.toEqual(keyFromSeed("7"));
});

test("a lone surrogate names the same child as U+FFFD", () => {
  expect(childKey([0, 0], "\ud800")).toEqual(childKey([0, 0], "\ufffd"));
});

test.each([0.5, NaN, Infinity, 2 ** 53])("refuses the number %s", (number) => {
  expect(() => childKey([0, 0], number)).toThrow(ConfigError);
});
