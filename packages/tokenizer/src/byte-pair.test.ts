import { expectMutantToFail } from "@kindred/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { byteLetters } from "./byte-letters.ts";
import { type BytePairRules, createBytePair } from "./byte-pair.ts";

const letters = byteLetters();
type Merges = BytePairRules["merges"];

/** All bytes, and what the merges make. */
const vocabularyOf = (merges: Merges) => [...new Set([...letters, ...merges.map((pair) => pair.join(""))])];
const rulesOf = (merges: Merges): BytePairRules => ({
  ...{ merges, prefixSpace: false, splitsWords: true, ignoresMerges: false, fusesUnknown: false },
});

const pieces = (text: string, merges: Merges, changes: Partial<BytePairRules> = {}) => {
  const vocabulary = vocabularyOf(merges);
  const cut: number[] = [];
  createBytePair(vocabulary, { ...rulesOf(merges), ...changes })(text, 0, text.length, cut);
  return Array.from({ length: cut.length / 3 }, (_, i) => {
    const [id = 0, start, end] = cut.slice(3 * i, 3 * i + 3);
    return [vocabulary[id], start, end];
  });
};

test("joins pairs in the order of the merges, the leftmost of equal ones first", () => {
  const merges: Merges = [
    ["l", "o"],
    ["w", "e"],
    ["lo", "we"],
    ["o", "w"],
  ];
  expect(pieces("lower", merges)).toEqual([
    ["lowe", 0, 4],
    ["r", 4, 5],
  ]);
  expect(pieces("ow lo", merges)).toEqual([
    ["ow", 0, 2],
    ["Ġ", 2, 3],
    ["lo", 3, 5],
  ]);
  expect(pieces("aaa", [["a", "a"]])).toEqual([
    ["aa", 0, 2],
    ["a", 2, 3],
  ]);
});

test("a piece of part of a character has the whole character's place", () => {
  expect(
    pieces("é😀", [
      ["ð", "Ł"],
      ["Ã", "©"],
    ]),
  ).toEqual([
    ["Ã©", 0, 1],
    ["ðŁ", 1, 3],
    ["ĺ", 1, 3],
    ["Ģ", 1, 3],
  ]);
});

test("a word that is an entry is one piece where the merges are ignored", () => {
  const merges: Merges = [
    ["b", "c"],
    ["a", "bc"],
  ];
  const vocabulary = ["abd", ...vocabularyOf(merges)];
  const cut = (ignoresMerges: boolean) => {
    const ids: number[] = [];
    createBytePair(vocabulary, { ...rulesOf(merges), ignoresMerges })("abd", 0, 3, ids);
    return ids;
  };
  expect(cut(true)).toEqual([0, 0, 3]);
  expect(cut(false).length).toBe(9);
});

test("a merge or an unknown token that is not in the vocabulary is refused", () => {
  expect(() => createBytePair(["a"], rulesOf([["a", "b"]]))).toThrow(RangeError);
  expect(() => createBytePair(["a", "b"], rulesOf([["a", "b"]]))).toThrow('no entry "ab"');
  expect(() => createBytePair(["a"], { ...rulesOf([]), unknownToken: "<unk>" })).toThrow(RangeError);
});

/** BPE as it is defined: of all pairs beside each other the one of the lowest rank, the leftmost of these, until there is none. */
function naive(text: string, merges: Merges, lastFirst = false): string[] {
  const parts = Array.from(new TextEncoder().encode(text), (byte) => letters[byte] ?? "");
  for (;;) {
    const ranks = parts.slice(1).map((right, i) => merges.findLastIndex(([a, b]) => a === parts[i] && b === right));
    const found = ranks.filter((rank) => rank >= 0);
    if (found.length === 0) return parts;
    const least = Math.min(...found);
    const at = lastFirst ? ranks.lastIndexOf(least) : ranks.indexOf(least);
    parts.splice(at, 2, `${parts[at]}${parts[at + 1]}`);
  }
}

test("gives what the definition gives, for any merges and words", () => {
  const law = (lastFirst: boolean) =>
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 30 }),
        fc.string({ unit: fc.constantFrom("a", "b", "c", "é", "中"), maxLength: 40 }),
        (picks, text) => {
          const known = [..."abc", "Ã", "©", "ä"];
          const merges = picks.map(([i, j]): [string, string] => {
            const pair: [string, string] = [known[i % known.length] ?? "a", known[j % known.length] ?? "a"];
            if (pair.join("").length < 12) known.push(pair.join(""));
            return pair;
          });
          expect(pieces(text, merges).map(([token]) => token)).toEqual(naive(text, merges, lastFirst));
        },
      ),
      { numRuns: 500 },
    );
  law(false);
  expectMutantToFail(() => law(true));
});

test("a long word takes a time that is not its square", () => {
  // Looking through the word again for each of its pairs would take 2e10 steps.
  const merges: Merges = Array.from({ length: 17 }, (_, i) => ["a".repeat(2 ** i), "a".repeat(2 ** i)]);
  expect(pieces("a".repeat(200_000), merges).length).toBe(6); // the bits of 200,000 that are 1
});
