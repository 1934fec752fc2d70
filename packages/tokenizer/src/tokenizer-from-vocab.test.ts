import { FormatError } from "@kindred/errors";
import { readJson, sharedExists, sharedPath } from "@kindred/testing";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { tokenizerFromJson } from "./tokenizer-from-json.ts";
import { tokenizerFromVocab } from "./tokenizer-from-vocab.ts";

const specials = "<s>\n<pad>\n</s>\n<unk>\n[UNK]\n<mask>";

test("lines end at a line feed, with or without a carriage return", () => {
  const tokens = ["<s>", "<pad>", "</s>", "<unk>", "[UNK]", "<mask>", "a\u2028b"];
  for (const text of [
    `${specials}\na\u2028b`,
    `${specials}\na\u2028b\n`,
    `${specials}\na\u2028b\n`.replaceAll("\n", "\r\n"),
  ]) {
    const tokenizer = tokenizerFromVocab(text);
    expect(tokenizer.definition.vocabulary).toEqual(tokens);
    expect(tokenizer.toVocab()).toBe(`${specials}\na\u2028b\n`);
  }
});

test("lines that are empty or come again have an id and no token, as in the Rust tokenizers; spaces at an end are none", () => {
  const tokenizer = tokenizerFromVocab(`${specials}\na\n\nb \u3000\na\n`);
  expect([...tokenizer.encode("b a").ids]).toEqual([0, 8, 9, 2]);
  expect([6, 7, 8, 9].map((id) => tokenizer.tokenOf(id))).toEqual([undefined, undefined, "b", "a"]);
  expect(tokenizerFromJson(tokenizer.toJson()).definition).toEqual(tokenizer.definition);
  expect(tokenizerFromVocab(tokenizer.toVocab()).definition).toEqual(tokenizer.definition);
});

test("MPNet's unknown word is [UNK], where there is none <unk>", () => {
  expect(tokenizerFromVocab(specials).specialIds.unknown).toBe(4);
  expect(tokenizerFromVocab(specials.replace("\n[UNK]", "")).specialIds.unknown).toBe(3);
});

test("a cased vocabulary keeps case and accents", () => {
  const tokenizer = tokenizerFromVocab(`${specials}\nÉ\ne`, { lowercase: false });
  expect([...tokenizer.encode("É").ids]).toEqual([0, 6, 2]);
  expect([...tokenizerFromVocab(`${specials}\nÉ\ne`).encode("É").ids]).toEqual([0, 7, 2]);
});

test.each([
  ["line 7 holds a lone surrogate", `${specials}\n\ud800`],
  ["Got 0 tokens, expected [CLS]", ""],
  ["Got 2 tokens, expected [CLS] among them", "a\nb"],
  ["Got 4 tokens, expected [UNK] among them", "<s>\n</s>\n<pad>\n<mask>"],
  ["expected <pad> or [PAD]", "<s>\n</s>\n[UNK]\n<mask>"],
])("refuses a vocabulary: %s", (message, text) => {
  expect(() => tokenizerFromVocab(text, { file: "v.txt" })).toThrow(FormatError);
  expect(() => tokenizerFromVocab(text, { file: "v.txt" })).toThrow(message);
  expect(() => tokenizerFromVocab(text, { file: "v.txt" })).toThrow("v.txt");
});

test("vocabulary and tokenizer.json round-trip any tokens", () => {
  const token = fc.oneof(
    fc.string({ minLength: 1 }).filter((text) => !/[\r\n]|[\s\u0085]$/.test(text)),
    fc.constantFrom("__proto__", "constructor", "7", "0", "##ing", "\u2028x", "😀", '"', "\\"),
  );
  // V8 13.6 (Node 24) reads the key \" as \\ if it parsed a small object before that had \\ after the same keys. So that no two of
  // these small vocabularies begin alike, each has a number in front. Objects of 200 keys are read right.
  let run = 0;
  const taken = new Set(specials.split("\n"));
  fc.assert(
    fc.property(fc.uniqueArray(token.filter((text) => !taken.has(text))), fc.boolean(), (tokens, lowercase) => {
      const vocab = [specials, `run ${run++}`, ...tokens, ""].join("\n");
      const tokenizer = tokenizerFromVocab(vocab, { lowercase });
      expect(tokenizer.toVocab()).toBe(vocab);
      const again = tokenizerFromJson(tokenizer.toJson());
      expect(again.definition).toEqual(tokenizer.definition);
      expect(again.toVocab()).toBe(vocab);
    }),
  );
});

const tiny = ["golden", "mpnet-tiny"];
test.skipIf(!sharedExists(...tiny))(
  "the tiny model's vocab.txt means what its tokenizer.json says, and its texts have its ids",
  () => {
    const file = (name: string) => readFileSync(sharedPath(...tiny, "model", name), "utf8");
    const tokenizer = tokenizerFromVocab(file("vocab.txt"));
    expect(tokenizer.definition).toEqual(tokenizerFromJson(file("tokenizer.json")).definition);
    expect(tokenizer.specialIds.unknown).toBe(tokenizer.idOf("[UNK]"));
    type Row = { text: string; ids: number[]; truncated: boolean };
    const { texts } = readJson<{ texts: Row[] }>(sharedPath(...tiny, "expected.json"));
    const { model_max_length: maxLength } = JSON.parse(file("tokenizer_config.json")) as { model_max_length: number };
    expect(texts.length).toBeGreaterThan(0);
    for (const { text, ids, truncated } of texts) {
      const encoding = tokenizer.encode(text, { maxLength });
      expect([[...encoding.ids], encoding.truncated]).toEqual([ids, truncated]);
    }
  },
);
