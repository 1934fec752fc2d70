import { expect, test } from "vitest";
import type { AddedToken } from "./tokenizer-definition.ts";
import { AsciiKind, asciiKinds } from "./ascii-kinds.ts";
import type { NormalizerRules } from "./normalize-aligned.ts";
import { createNormalizer } from "./normalizer.ts";
import { splitWords } from "./split-words.ts";

const all: NormalizerRules = { kind: "Bert", cleanText: true, padChinese: true, stripAccents: true, lowercase: true };
const token = (content: string, normalized: boolean): AddedToken => ({
  id: 0,
  content,
  special: false,
  normalized,
  singleWord: false,
  stripLeft: false,
  stripRight: false,
});
const kindOf = (character: string, added: AddedToken[] = [], rules = all) =>
  asciiKinds(added, createNormalizer([rules]))?.[character.charCodeAt(0)];

test.each([
  ["A", 0x61],
  ["a", 0x61],
  ["_", AsciiKind.punctuation + 0x5f],
  ["\t", AsciiKind.space],
  ["\u0000", AsciiKind.hard], // dropped
  ["\u007f", AsciiKind.hard],
])("%j is of the kind %i", (character, kind) => {
  expect(kindOf(character)).toBe(kind);
});

test("a character that an added token may begin with is hard, in both cases if the token is normalized", () => {
  expect(["R", "r"].map((letter) => kindOf(letter, [token("R2", false)]))).toEqual([AsciiKind.hard, 0x72]);
  expect(["R", "r"].map((letter) => kindOf(letter, [token("R2", true)]))).toEqual([AsciiKind.hard, AsciiKind.hard]);
  expect(kindOf("a", [token("new york", false)])).toBeUndefined();
  expect(kindOf("a", [token("", false)])).toBe(0x61); // which nobody finds
});

test("agrees with the stages on every character, whatever the rules", () => {
  for (let bits = 0; bits < 16; bits++) {
    const has = (bit: number) => (bits & bit) !== 0;
    const rules: NormalizerRules = {
      kind: "Bert",
      cleanText: has(1),
      padChinese: has(2),
      stripAccents: has(4),
      lowercase: has(8),
    };
    for (let code = 0; code < 128; code++) {
      const { text } = createNormalizer([rules])(`x${String.fromCharCode(code)}x`);
      const words = splitWords(text).length / 2;
      const kind = kindOf(String.fromCharCode(code), [], rules) ?? expect.fail("no kinds");
      if (kind === AsciiKind.hard) expect([text, words]).toEqual(["xx", 1]);
      else if (kind === AsciiKind.space) expect(words).toBe(2);
      else if (kind >= AsciiKind.punctuation) {
        expect([text.charCodeAt(1), words]).toEqual([kind - AsciiKind.punctuation, 3]);
      } else expect([text.charCodeAt(1), words]).toEqual([kind, 1]);
    }
  }
});
