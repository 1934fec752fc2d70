import { expectMutantToFail } from "@kindred/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { PieceList } from "./piece-list.ts";
import { createWordCache, longestWord, type WordReader } from "./word-cache.ts";
import type { CutWord } from "./cut-word.ts";
import { createWordPiece } from "./word-piece.ts";

const wordPiece = createWordPiece(["[UNK]", "a", "b", "ab", "##a", "##b", "##ab"], {
  unknownToken: "[UNK]",
  continuingPrefix: "##",
  maxWordLength: 12,
});

function read(readWord: WordReader, word: string, start = 0): number[] {
  const letters = new Uint8Array(longestWord).fill(7); // what lies behind the word is none of its business
  for (let i = 0; i < word.length; i++) letters[i] = word.charCodeAt(i);
  const pieces = new PieceList();
  readWord(letters, word.length, start, pieces);
  return Array.from(pieces.ids.subarray(0, pieces.count), (id, i) => [
    id,
    ...pieces.offsets.subarray(2 * i, 2 * i + 2),
  ]).flat();
}

function cutOf(word: string): number[] {
  const cut: number[] = [];
  wordPiece(word, 0, word.length, cut);
  return cut;
}

test("a word that is met again has the same pieces, where it now stands", () => {
  const readWord = createWordCache(wordPiece);
  expect(read(readWord, "abb")).toEqual([3, 0, 2, 5, 2, 3]);
  expect(read(readWord, "abb", 10)).toEqual([3, 10, 12, 5, 12, 13]);
});

const word = fc.string({ unit: fc.constantFrom("a", "b", "c", "\u0000"), minLength: 1, maxLength: longestWord });

test("no result depends on which words were met before, however few are remembered", () => {
  const law = (create: (slots: number) => WordReader) =>
    fc.assert(
      fc.property(fc.array(word, { maxLength: 40 }), fc.constantFrom(1, 2, 4, 16), (words, slots) => {
        const readWord = create(slots);
        for (const some of [...words, ...words]) expect(read(readWord, some)).toEqual(cutOf(some));
      }),
    );
  law((slots) => createWordCache(wordPiece, slots));
  expectMutantToFail(() => law(() => createUncheckedCache()));
});

/** The mutant: believes that words with the same (short) hash are the same. */
function createUncheckedCache(): WordReader {
  const cuts = new Map<number, number[]>();
  return (letters, length, start, pieces) => {
    const hash = letters.subarray(0, length).reduce((sum, letter) => sum + letter, 0);
    const cut = cuts.get(hash) ?? cutOf(String.fromCharCode(...letters.subarray(0, length)));
    cuts.set(hash, cut);
    for (let i = 0; i < cut.length; i += 3) {
      const [id = -1, from = -1, to = -1] = cut.slice(i, i + 3);
      pieces.push(id, start + from, start + to);
    }
  };
}

test("cuts a word once while there is room, and remembers no more words than there are slots", () => {
  let cuts = 0;
  const counting: CutWord = (...word) => {
    cuts++;
    wordPiece(...word);
  };
  const readWord = createWordCache(counting, 4);
  const cutsIn = (words: string) => {
    const before = cuts;
    for (const some of words.split(" ")) read(readWord, some);
    return cuts - before;
  };
  expect(cutsIn("a b ab ba a b ab ba")).toBe(4);
  expect(cutsIn("aab")).toBe(1); // in the place of one of the others
  expect(cutsIn("aab aab")).toBe(0);
  expect(cutsIn("a b ab ba aab")).toBeGreaterThan(0);
});

test("a word whose cutting throws is not remembered in another's place", () => {
  let fails = false;
  const failing: CutWord = (...call) => {
    if (fails) throw new RangeError("no memory");
    wordPiece(...call);
  };
  const readWord = createWordCache(failing, 1);
  expect(read(readWord, "aaa")).toEqual([1, 0, 1, 4, 1, 2, 4, 2, 3]);
  fails = true;
  expect(() => read(readWord, "bbb")).toThrow(RangeError);
  fails = false;
  expect(read(readWord, "bbb")).toEqual([2, 0, 1, 5, 1, 2, 5, 2, 3]);
});
