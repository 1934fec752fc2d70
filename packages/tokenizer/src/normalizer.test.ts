import { expectMutantToFail } from "@kindred/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { alignedText, type NormalizerRules, normalizeAligned } from "./normalize-aligned.ts";
import { createNormalizer } from "./normalizer.ts";

const normalize = (text: string, rules: NormalizerRules) => createNormalizer([rules])(text);
const all: NormalizerRules = { kind: "Bert", cleanText: true, padChinese: true, stripAccents: true, lowercase: true };
const rules = fc.record({
  kind: fc.constant("Bert" as const),
  cleanText: fc.boolean(),
  padChinese: fc.boolean(),
  stripAccents: fc.boolean(),
  lowercase: fc.boolean(),
});
const unit = fc.oneof(
  fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)), // lone surrogates included
  fc.constantFrom(
    "é",
    "e\u0301",
    "\u0323",
    "\u0315",
    "中",
    "한",
    "İ",
    "Σ",
    "😀",
    "\u0f73",
    "\u{1d165}",
    " ",
    "\u200b",
    "A",
  ),
);
const text = fc.string({ unit });

test.each([
  ["Héllo Wörld", "hello world"],
  ["e\u0301 = é", "e = e"],
  ["ΣΑΣ", "σασ"], // no final sigma
  ["İI ıi", "ii ıi"],
  ["ß ẞ ﬁ ø", "ß ß ﬁ ø"],
  ["a\u0085b\u200bc\td\u00a0e", "abc d e"],
  ["中a文", " 中 a 文 "],
  ["한", "\u1112\u1161\u11ab"],
  ["x\ud800y\udc00", "xy"],
  ["\u{1d165}\u0315", "\u{1d165}"], // U+1D165 is a mark that the old tables do not strip
])("%j normalizes to %j", (input, expected) => {
  expect(normalize(input, all).text).toBe(expected);
});

test("starts point at the code point that each unit was made of", () => {
  expect(normalize("aé", all)).toEqual({ text: "ae", starts: Int32Array.of(0, 1) });
  expect(normalize("😀中", all)).toEqual({ text: "😀 中 ", starts: Int32Array.of(0, 0, 2, 2, 2) });
  expect(normalize("\u0000각", all)).toEqual({ text: "\u1100\u1161\u11a8", starts: Int32Array.of(1, 1, 1) });
});

test("marks that change places take their places' alignment", () => {
  const kept = { ...all, cleanText: false, lowercase: false };
  // U+1D15E is U+1D157 and U+1D165 (class 216, not stripped); U+302E (class 224, not stripped) sorts behind.
  const { text: normalized, starts } = normalize("\u302e\u{1d165}", kept);
  expect(normalized).toBe("\u{1d165}\u302e");
  expect(starts).toEqual(Int32Array.of(0, 0, 1));
});

test("each step can be left out", () => {
  const none: NormalizerRules = {
    kind: "Bert",
    cleanText: false,
    padChinese: false,
    stripAccents: false,
    lowercase: false,
  };
  expect(normalize("É\u0000中", none).text).toBe("É\u0000中");
  expect(normalize("É", { ...none, lowercase: true }).text).toBe("é");
  expect(normalize("É", { ...none, stripAccents: true }).text).toBe("E");
  expect(normalize("\ud800", none).text).toBe("\ufffd");
});

test("never throws, and starts never fall and lie at code points of the text", () => {
  fc.assert(
    fc.property(text, rules, (input, chosen) => {
      const { text: normalized, starts } = normalize(input, chosen);
      if (starts === undefined) {
        expect(normalized.length).toBe(input.length);
        return;
      }
      expect(starts.length).toBe(normalized.length);
      const boundaries = new Set<number>();
      for (let at = 0; at < input.length; at += (input.codePointAt(at) ?? 0) > 0xffff ? 2 : 1) boundaries.add(at);
      for (let i = 0; i < starts.length; i++) {
        expect(boundaries.has(starts[i] ?? -1)).toBe(true);
        if (i > 0) expect(starts[i]).toBeGreaterThanOrEqual(starts[i - 1] ?? 0);
      }
    }),
  );
});

test("gives what the steps give on the text as a whole", () => {
  const normalizers = new Map<string, ReturnType<typeof createNormalizer>>(); // kept, so that they remember code points
  fc.assert(
    fc.property(text, rules, (input, chosen) => {
      const key = JSON.stringify(chosen);
      const normalize = normalizers.get(key) ?? createNormalizer([chosen]);
      normalizers.set(key, normalize);
      const { text: normalized, starts } = normalize(input);
      const whole = normalizeAligned(alignedText(input), chosen);
      expect(normalized).toBe(whole.codes.map((code) => String.fromCodePoint(code)).join(""));
      const wholeStarts = whole.starts.flatMap((start, i) =>
        (whole.codes[i] ?? 0) > 0xffff ? [start, start] : [start],
      );
      expect(Array.from(starts ?? Array.from({ length: normalized.length }, (_, i) => i))).toEqual(wholeStarts);
    }),
    { numRuns: 400 },
  );
});

test("a text of letters has nothing left to normalize after one pass", () => {
  const letters = fc.string({ unit: fc.constantFrom("é", "É", "Σ", "İ", "한", "ß", "x", "\u0323", " ", "😀") });
  const law = (pass: (text: string) => string) =>
    fc.assert(
      fc.property(letters, (input) => {
        expect(pass(pass(input))).toBe(pass(input));
      }),
    );
  law((input) => normalize(input, all).text);
  expectMutantToFail(() =>
    law((input) => normalize(input, { ...all, stripAccents: false, lowercase: false }).text.slice(1)),
  );
});

test("ASCII is normalized as it is among other letters", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary-ascii" }), rules, (input, chosen) => {
      const among = normalize(`${input}é`, { ...chosen, stripAccents: true });
      expect(normalize(input, chosen).text).toBe(among.text.slice(0, -1));
    }),
  );
});

test("lower case does not depend on what stands beside", () => {
  const law = (lower: (text: string) => string) =>
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom("Σ", "Α", "σ", " ") }), (input) => {
        expect(lower(input)).toBe([...input].map(lower).join(""));
      }),
    );
  const kept: NormalizerRules = {
    kind: "Bert",
    cleanText: false,
    padChinese: false,
    stripAccents: false,
    lowercase: true,
  };
  law((input) => normalize(input, kept).text);
  expectMutantToFail(() => law((input) => input.toLowerCase()));
});
