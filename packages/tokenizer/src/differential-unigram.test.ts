import { Tokenizer as OtherTokenizer } from "@huggingface/tokenizers";
import { readJson, sharedExists, sharedPath } from "@kindred/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { tokenizerFromJson } from "./index.ts";

// Another implementation, written by others, on text where it is right: it approximates sentencepiece's character map by NFKC.
describe.skipIf(!sharedExists("golden", "families"))("beside @huggingface/tokenizers", () => {
  const json = readJson<object>(sharedPath("golden", "families", "xlm-roberta", "model", "tokenizer.json"));
  const ours = tokenizerFromJson(JSON.stringify(json));
  const theirs = new OtherTokenizer(json, {});
  const idsOf = (text: string) => [[...ours.encode(text).ids], theirs.encode(text).ids];

  const words = fc.constantFrom(
    ..."the really music think 3.14 isn't Qzxv café naïve Zürich привет 日本語 한국어 ½ ﬁ № 😀👍 ﾊﾝ".split(" "),
  );
  const letters = fc.constantFrom(..."abcdefghijklmnoprstuvwyzABCST.,!?'-_<>éüжя中文한ひ£²");
  const space = fc.constantFrom(" ", "  ", "\n", "\t", "\u00a0", "\u3000");

  test.each([
    ["words", fc.array(fc.oneof(words, space, letters)).map((parts) => parts.join(""))],
    ["letters", fc.string({ unit: fc.oneof({ arbitrary: letters, weight: 6 }, space) })],
  ])("gives its ids, on %s", (_, arbitrary) => {
    fc.assert(
      fc.property(arbitrary, (text) => {
        const [mine, other] = idsOf(text);
        expect(mine).toEqual(other);
      }),
      { numRuns: 300 },
    );
  });

  // The Rust tokenizers agree with ours (golden/unigram).
  test.each([
    ["ﬁ\u0301", "a mark behind what a short cluster's beginning maps to is lost"],
    ["a\u0085b", "U+0085 is whitespace, though not JavaScript's"],
    ["a\u0344b", "the map takes U+0344 apart, and nothing composes it with what is before"],
    ["a\u061cb", "the map makes a space of U+061C"],
    ["a\u200db", "but none of U+200D"],
  ])("differs on %j: %s", (text) => {
    const [mine, other] = idsOf(text);
    expect(mine).not.toEqual(other);
  });
});
