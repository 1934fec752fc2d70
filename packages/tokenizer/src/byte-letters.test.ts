import { expect, test } from "vitest";
import { byteLetters } from "./byte-letters.ts";

test("what shows in Latin-1 stands for itself, and what doesn't for a letter from U+0100 on", () => {
  const letters = byteLetters();
  const letterOf = (byte: number) => letters[byte];
  expect(["a", "!", "~", "ÿ", "¡"].map((letter) => letterOf(letter.charCodeAt(0)))).toEqual(["a", "!", "~", "ÿ", "¡"]);
  expect([0x00, 0x0a, 0x20, 0x7f, 0xa0, 0xad].map(letterOf)).toEqual(["Ā", "Ċ", "Ġ", "ġ", "ł", "Ń"]);
});

test("no two of the 256 bytes have one letter", () => {
  expect(new Set(byteLetters()).size).toBe(256);
});
