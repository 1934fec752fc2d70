import { expectMutantToFail } from "@kindred/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { CutWord } from "./cut-word.ts";
import { createUnigram } from "./unigram.ts";

const cutter = (pieces: readonly (readonly [string, number])[], byteFallback = false) =>
  createUnigram(["<unk>", ...pieces.map(([piece]) => piece)], {
    scores: [0, ...pieces.map(([, score]) => score)],
    unknownToken: "<unk>",
    byteFallback,
  });
const cutOf = (cut: CutWord, text: string, start = 0, end = text.length) => {
  const pieces: number[] = [];
  cut(text, start, end, pieces);
  return Array.from({ length: pieces.length / 3 }, (_, i) => pieces.slice(3 * i, 3 * i + 3));
};

test("takes the cut with the greatest sum, not the longest entry first", () => {
  const cut = cutter([
    ["a", -1],
    ["ab", -2],
    ["bc", -2],
    ["c", -5],
  ]);
  expect(cutOf(cut, "abc")).toEqual([
    [1, 0, 1],
    [3, 1, 3],
  ]);
  expect(cutOf(cut, "xabcx", 1, 4)).toEqual([
    [1, 1, 2],
    [3, 2, 4],
  ]);
});

test("unknown characters in a row are one piece", () => {
  const cut = cutter([["a", -1]]);
  expect(cutOf(cut, "xya😀")).toEqual([
    [0, 0, 2],
    [1, 2, 3],
    [0, 3, 5],
  ]);
  expect(cutOf(cut, "")).toEqual([]);
  expect(cutOf(cut, "\ud83d")).toEqual([[0, 0, 1]]);
});

test("or their bytes, if the vocabulary has them all", () => {
  const bytes = [..."é👍"].flatMap((character) => [...new TextEncoder().encode(character)]);
  const entries = bytes.map((byte): [string, number] => [`<0x${byte.toString(16).toUpperCase()}>`, -30]);
  const cut = cutter([["a", -1], ...entries], true);
  expect(cutOf(cut, "aé")).toEqual([
    [1, 0, 1],
    [2, 1, 2],
    [3, 1, 2],
  ]);
  expect(cutOf(cut, "é👍").map(([id]) => id)).toEqual([2, 3, 4, 5, 6, 7]);
  expect(cutOf(cut, "éx")).toEqual([[0, 0, 2]]);
  expect(cutOf(cutter([["a", -1], ...entries]), "é")).toEqual([[0, 0, 1]]);
});

test("of equal sums the one whose last piece is longer counts", () => {
  const cut = cutter([
    ["a", -1],
    ["aa", -1],
  ]);
  expect(cutOf(cut, "aaa").map(([id]) => id)).toEqual([1, 2]);
});

test("of two equal entries the later counts, and unknown characters may spell an entry that is less likely than they are", () => {
  const cut = cutter([
    ["a", -5],
    ["xy", 20],
    ["a", -1],
    ["z", 11],
  ]);
  expect(cutOf(cut, "a")).toEqual([[3, 0, 1]]);
  expect(cutOf(cutter([["xyz", 30]]), "xyz")).toEqual([[1, 0, 3]]);
});

const letters = fc.constantFrom("a", "b", "c", "😀");
const score = fc.integer({ min: -40, max: 160 }).map((eighths) => eighths / 8);
const vocabulary = fc.uniqueArray(fc.tuple(fc.string({ unit: letters, minLength: 1, maxLength: 4 }), score), {
  selector: ([piece]) => piece,
  minLength: 1,
  maxLength: 8,
});
const text = fc.string({ unit: letters, maxLength: 9 });

/** The greatest sum of all cuts, found by trying each. Scores are multiples of 1/8, so that sums are exact. */
function bestSum(pieces: readonly (readonly [string, number])[], rest: string): number {
  if (rest === "") return 0;
  const [first = ""] = rest;
  const least = Math.min(0, ...pieces.map(([, score]) => score)) - 10;
  const unknown = pieces.some(([piece]) => piece === first) ? [] : [[first, least] as const];
  const fitting = [...pieces.filter(([piece]) => rest.startsWith(piece)), ...unknown];
  return Math.max(...fitting.map(([piece, score]) => score + bestSum(pieces, rest.slice(piece.length))));
}

test("no cut has a greater sum, and pieces lie end to end", () => {
  const law = (create: typeof cutter) =>
    fc.assert(
      fc.property(vocabulary, text, (pieces, input) => {
        const least = Math.min(0, ...pieces.map(([, score]) => score)) - 10;
        let sum = 0;
        let at = 0;
        for (const [id = -1, start = -1, end = -1] of cutOf(create(pieces), input)) {
          expect(start).toBe(at);
          sum += id === 0 ? least * [...input.slice(start, end)].length : (pieces[id - 1]?.[1] ?? Number.NaN);
          if (id > 0) expect(input.slice(start, end)).toBe(pieces[id - 1]?.[0]);
          at = end;
        }
        expect(at).toBe(input.length);
        expect(sum).toBe(bestSum(pieces, input));
      }),
      { numRuns: 300 },
    );
  law(cutter);
  // The mutant's longest entries count most.
  expectMutantToFail(() => law((pieces) => cutter(pieces.map(([piece]) => [piece, piece.length ** 2]))));
});

test("an unknown character counts 10 less than the lowest score", () => {
  const idsOf = (ofA: number) =>
    cutOf(
      cutter([
        ["a", ofA],
        ["ab", -3],
      ]),
      "ab",
    ).map(([id]) => id); // a and an unknown b: ofA − 13
  expect(idsOf(9.9)).toEqual([2]);
  expect(idsOf(10.1)).toEqual([1, 0]);
});

test("a text of 300,000 letters without a space is cut in time that grows as the text does", () => {
  const cut = cutter([
    ["a", -1],
    ["aaaa", -3],
    ["ab", -1],
  ]);
  expect(cutOf(cut, "aaab".repeat(75_000)).length).toBe(225_000); // a, a, ab
});

test("refuses a vocabulary without the unknown token, and scores of another number", () => {
  const rules = { scores: [0], unknownToken: "<unk>", byteFallback: false };
  expect(() => createUnigram(["a"], rules)).toThrow(new RangeError('createUnigram: no entry "<unk>".'));
  expect(() => createUnigram(["<unk>", "a"], rules)).toThrow(new RangeError("createUnigram: 1 scores for 2 entries."));
});
