import fc from "fast-check";
import { expect, test } from "vitest";
import { createWordEnd } from "./byte-level-words.ts";
import { letterRanges, numberRanges, whitespaceRanges } from "./unicode-tables.ts";

const wordEnd = createWordEnd();
const wordsOf = (text: string) => {
  const words: string[] = [];
  for (let at = 0; at < text.length; ) {
    const end = wordEnd(text, at, text.length);
    words.push(text.slice(at, end));
    at = end;
  }
  return words;
};

test.each([
  ["It's 3.14, isn't it?", ["It", "'s", " 3", ".", "14", ",", " isn", "'t", " it", "?"]],
  ["a  b \n c\t", ["a", " ", " b", " \n", " c", "\t"]],
  ["a\tb\u00a0c", ["a", "\t", "b", "\u00a0", "c"]],
  ["!'s 'S 'll'l", ["!'", "s", " '", "S", " '", "ll", "'", "l"]],
  ["'re'r've", ["'re", "'", "r", "'ve"]],
  ["café²日本😀😀 ½", ["café", "²", "日本", "😀😀", " ½"]],
])("%j", (text, words) => {
  expect(wordsOf(text)).toEqual(words);
});

test("gives what GPT-2's pattern gives over the same sets, on any text", () => {
  const set = (ranges: string) => ranges.replace(/[0-9a-f]+/g, "\\u{$&}").replaceAll(" ", "");
  const [letter, number, space] = [letterRanges, numberRanges, whitespaceRanges].map(set);
  const pattern = `'(?:[smdt]|re|ve|ll)| ?[${letter}]+| ?[${number}]+| ?[^${space}${letter}${number}]+|[${space}]+(?![^${space}])|[${space}]+`;
  const regExp = new RegExp(pattern, "gu");
  const unit = fc.oneof(
    fc.constantFrom(..."'sStrevmdlTe a1! \t\n\u00a0\u3000é中😀²½"),
    fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
  );
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 60 }), (text) => {
      expect(wordsOf(text)).toEqual(text.match(regExp) ?? []);
    }),
    { numRuns: 500 },
  );
});

test("ends a word where the text that it is asked about ends", () => {
  expect(wordEnd("don't", 3, 4)).toBe(4);
  expect(wordEnd("a  b", 1, 3)).toBe(3);
  expect(wordEnd("abc", 0, 2)).toBe(2);
});
