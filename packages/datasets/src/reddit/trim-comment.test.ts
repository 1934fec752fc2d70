import { expectMutantToFail } from "@kindred/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { isLonger, trimComment } from "./trim-comment.ts";

test.each([
  ["Matthew Henderson", 7, "Matthew"],
  ["Matthew Henderson", 9, "Matthew "],
  ["Matthew", 2, ""],
  ["Matthew", 7, "Matthew"],
  ["a ".repeat(10), 4, "a a "],
  ["🙂🙂 x", 3, "🙂🙂 "],
  ["", 0, ""],
])("trims %j to %i characters: %j", (text, length, expected) => {
  expect(trimComment(text, length)).toBe(expected);
});

const anyText = fc.string({
  unit: fc.constantFrom("a", "é", "7", "Ⅷ", " ", "-", "\n", "😀", "𝔸", "\ud800"),
  maxLength: 30,
});

/** The rule as it is written down, on the characters. */
function slowTrim(text: string, limit: number): string {
  let characters = Array.from(text);
  if (characters.length <= limit) return text;
  characters = characters.slice(0, limit + 1);
  const isWord = (i: number) => /^[\p{L}\p{N}]$/u.test(characters.at(i) ?? "");
  while (characters.length > 1 && isWord(-1) === isWord(-2)) characters.pop();
  characters.pop();
  return characters.join("");
}

test("a trimmed text is a beginning of at most so many characters, that ends where a word does, as the rule written down says", () => {
  const law = (trim: typeof trimComment) =>
    fc.assert(
      fc.property(anyText, fc.integer({ min: 0, max: 20 }), (text, limit) => {
        expect(trim(text, limit)).toBe(slowTrim(text, limit));
        expect(text.startsWith(trim(text, limit))).toBe(true);
        expect(Array.from(trim(text, limit)).length).toBeLessThanOrEqual(limit);
        expect(isLonger(text, limit)).toBe(Array.from(text).length > limit);
      }),
    );
  law(trimComment);
  // UTF-16 units where characters are meant.
  expectMutantToFail(() => law((text, limit) => (text.length <= limit ? text : slowTrim(text.slice(0, limit), limit))));
});
