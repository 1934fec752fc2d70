import { expectMutantToFail } from "@kindred/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { graphemeEnd } from "./grapheme-end.ts";

const codesOf = (text: string) => Array.from(text, (character) => character.codePointAt(0) ?? 0);

function clustersOf(text: string, end = graphemeEnd): string[] {
  const codes = codesOf(text);
  const clusters: string[] = [];
  for (let at = 0; at < codes.length; ) {
    const next = end(codes, at);
    clusters.push(String.fromCodePoint(...codes.slice(at, next)));
    at = next;
  }
  return clusters;
}

test.each([
  ["a\u0301\u0302b", ["a\u0301\u0302", "b"]],
  ["\r\n\n\r", ["\r\n", "\n", "\r"]],
  ["\n\u0301", ["\n", "\u0301"]], // a control character stands alone
  ["\u0600a\u0301", ["\u0600a\u0301"]],
  ["\u0600\n", ["\u0600", "\n"]],
  ["\u0915\u094d\u0937\u0301", ["\u0915\u094d\u0937\u0301"]], // a conjunct
  ["\u0915\u093e\u0937", ["\u0915\u093e", "\u0937"]],
  ["👩\u200d👩 a\u200d👩", ["👩\u200d👩", " ", "a\u200d", "👩"]],
  ["👩\u200d\u200d👩", ["👩\u200d\u200d", "👩"]],
  ["\u1100\u1161\u11a8\u1100", ["\u1100\u1161\u11a8", "\u1100"]],
  ["각\u11a8각가", ["각\u11a8", "각", "가"]],
])("%j is %j", (text, clusters) => {
  expect(clustersOf(text)).toEqual(clusters);
});

// Characters of old versions of Unicode, which every engine knows, but for conjuncts, which older ones don't, and flags, which are not joined here.
const unit = fc.constantFrom(
  ...[
    "a",
    " ",
    "\r",
    "\n",
    "\u0301",
    "\u0489",
    "\u0903",
    "\u0600",
    "\u200b",
    "\u200d",
    "\ufe0f",
    "©",
    "❤",
    "👩",
    "🏽",
    "中",
    "é",
  ],
  ...["\u1100", "\u1161", "\u11a8", "가", "각", "ㄱ"],
);

test("joins what the engine's own segmenter joins", () => {
  const segmenter = new Intl.Segmenter("en", { granularity: "grapheme" });
  const law = (end: typeof graphemeEnd) =>
    fc.assert(
      fc.property(fc.string({ unit }), (text) => {
        expect(clustersOf(text, end)).toEqual(Array.from(segmenter.segment(text), ({ segment }) => segment));
      }),
      { numRuns: 1000 },
    );
  law(graphemeEnd);
  // The mutant knows marks and nothing else.
  expectMutantToFail(() =>
    law((codes, from) => {
      let end = from + 1;
      while (/^\p{M}$/u.test(String.fromCodePoint(codes[end] ?? 0x61))) end++;
      return end;
    }),
  );
});
