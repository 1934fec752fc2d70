import fc from "fast-check";
import { expect, test } from "vitest";
import { createWordPiece } from "./word-piece.ts";

const rules = { unknownToken: "[UNK]", continuingPrefix: "##", maxWordLength: 100 };

/** Greedy longest match by cutting substrings, as the definition says it. */
function naive(vocabulary: readonly string[], word: string, maxWordLength: number): string[] {
  if ([...word].length > maxWordLength) return ["[UNK]"];
  const pieces: string[] = [];
  for (let at = 0; at < word.length; ) {
    const prefix = at === 0 ? "" : "##";
    let end = word.length;
    while (end > at && !vocabulary.includes(prefix + word.slice(at, end))) end--;
    if (end === at) return ["[UNK]"];
    pieces.push(prefix + word.slice(at, end));
    at = end;
  }
  return pieces;
}

test("cuts greedily, the longest entry first", () => {
  const vocabulary = ["[UNK]", "un", "unab", "##le", "##able", "##l"];
  const cut = createWordPiece(vocabulary, rules);
  const pieces: number[] = [];
  cut("(unable)", 1, 7, pieces);
  expect(pieces).toEqual([2, 1, 5, 3, 5, 7]); // unab ##le, not un ##able
});

test("a word that cannot be spelled to its end is unknown as a whole, and leaves earlier pieces alone", () => {
  const pieces = [9, 9, 9];
  createWordPiece(["[UNK]", "a", "##b"], rules)("abc", 0, 3, pieces);
  expect(pieces).toEqual([9, 9, 9, 0, 0, 3]);
});

test("the limit counts code points, and a word as long as the limit is cut", () => {
  const cut = createWordPiece(["[UNK]", "😀", "##😀"], { ...rules, maxWordLength: 3 });
  const count = (word: string) => {
    const pieces: number[] = [];
    cut(word, 0, word.length, pieces);
    return pieces.length / 3;
  };
  expect([1, 2, 3, 4, 7].map((n) => count("😀".repeat(n)))).toEqual([1, 2, 3, 1, 1]);
});

test("without an unknown token there is no WordPiece", () => {
  expect(() => createWordPiece(["a"], rules)).toThrow(RangeError);
});

test("agrees with the definition for every vocabulary and word", () => {
  const unit = fc.constantFrom("a", "b", "😀", "#");
  const entry = fc
    .tuple(fc.constantFrom("", "##"), fc.string({ unit, minLength: 1, maxLength: 4 }))
    .map((parts) => parts.join(""));
  fc.assert(
    fc.property(
      fc.uniqueArray(entry, { maxLength: 30 }),
      fc.string({ unit, minLength: 1, maxLength: 12 }),
      fc.integer({ min: 1, max: 12 }),
      (entries, word, maxWordLength) => {
        const vocabulary = ["[UNK]", ...entries];
        const pieces: number[] = [];
        createWordPiece(vocabulary, { ...rules, maxWordLength })(word, 0, word.length, pieces);
        const found = Array.from({ length: pieces.length / 3 }, (_, i) => vocabulary[pieces[3 * i] ?? -1]);
        expect(found).toEqual(naive(vocabulary, word, maxWordLength));
        for (let i = 3; i < pieces.length; i += 3) expect(pieces[i + 1]).toBe(pieces[i - 1]); // end to end
        expect([pieces[1], pieces.at(-1)]).toEqual([0, word.length]);
      },
    ),
  );
});
