import fc from "fast-check";
import { expect, test } from "vitest";
import { codePointTraits, Trait } from "./code-point-traits.ts";
import { splitWords } from "./split-words.ts";

const wordsOf = (text: string) => {
  const flat = splitWords(text);
  return Array.from({ length: flat.length / 2 }, (_, i) => text.slice(flat[2 * i], flat[2 * i + 1]));
};

test.each([
  ["", []],
  ["   ", []],
  ["don't go!!", ["don", "'", "t", "go", "!", "!"]],
  [" a  b ", ["a", "b"]],
  ["€5 $5", ["€5", "$", "5"]],
  ["a\u{10100}b", ["a", "\u{10100}", "b"]], // an astral punctuation mark
  ["😀👍ok", ["😀👍ok"]],
])("%j has the words %j", (text, words) => {
  expect(wordsOf(text)).toEqual(words);
});

test("words are in order, do not overlap, and leave out whitespace and nothing else", () => {
  const unit = fc.oneof(
    fc.constantFrom(" ", "\u3000", "a", "b", ".", "'", "\u{10100}", "😀"),
    fc.integer({ min: 0, max: 0x10ffff }).map((code) => String.fromCodePoint(code)),
  );
  fc.assert(
    fc.property(fc.string({ unit }), (text) => {
      const flat = splitWords(text);
      for (let i = 1; i < flat.length; i++) expect(flat[i]).toBeGreaterThanOrEqual((flat[i - 1] ?? 0) + (i % 2));
      const isSpace = (letter: string) => (codePointTraits()[letter.codePointAt(0) ?? 0] ?? 0) & Trait.whitespace;
      expect(wordsOf(text).join("")).toBe([...text].filter((letter) => !isSpace(letter)).join(""));
    }),
  );
});

test("punctuation stands alone", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom("a", ".", "$", " ", "—") }), (text) => {
      for (const word of wordsOf(text)) expect(word).toMatch(/^(a+|[.$—])$/);
    }),
  );
});
