import { createHash } from "node:crypto";
import { readJson, sharedExists, sharedPath } from "@kindred/testing";
import { describe, expect, test } from "vitest";
import { type Tokenizer, tokenizerFromJson } from "./index.ts";

// Made by the Rust tokenizers 0.23.3 (golden/generate/make_unigram.py). No tolerance: ids and offsets are equal or wrong.
type Case = { name: string; tokenizer: object; ids: number[][]; offsets: number[][] };
const small = readJson<{ characterMap: string; texts: string[]; cases: Case[] }>(
  sharedPath("golden", "unigram", "cases.json"),
);

const piecesOf = (tokenizer: Tokenizer, text: string) => {
  const { ids, offsets } = tokenizer.encode(text);
  return { ids: [...ids.slice(1, -1)], offsets: [...offsets.slice(2, -2)] };
};

describe.each(small.cases)("$name", ({ tokenizer: json, ids, offsets }) => {
  const tokenizer = tokenizerFromJson(JSON.stringify(json).replace('"MAP"', JSON.stringify(small.characterMap)));
  test("ids and offsets", () => {
    for (const [i, text] of small.texts.entries())
      expect(piecesOf(tokenizer, text), JSON.stringify(text)).toEqual({ ids: ids[i], offsets: offsets[i] });
  });
  test("written and read again", () => {
    const again = tokenizerFromJson(tokenizer.toJson());
    for (const text of small.texts)
      expect(piecesOf(again, text), JSON.stringify(text)).toEqual(piecesOf(tokenizer, text));
  });
});

describe.skipIf(!sharedExists("golden", "families"))("sentencepiece's nmt_nfkc", () => {
  type Family = { blocks: { [first: string]: string }; rows: { text: string; ids: number[]; offsets: number[] }[] };
  const families = readJson<{ [name: string]: Family }>(sharedPath("golden", "unigram", "families.json"));

  describe.each(["xlm-roberta", "bert-with-xlmr-tokenizer"])("%s", (name) => {
    const files = (file: string) => sharedPath("golden", "families", name, file);
    const tokenizer = tokenizerFromJson(JSON.stringify(readJson(files("model/tokenizer.json"))));
    const { blocks, rows } = families[name] ?? expect.fail("no such family");

    test("the texts of the family", () => {
      for (const { text, ids, truncated } of readJson<{ texts: { text: string; ids: number[]; truncated: boolean }[] }>(
        files("expected.json"),
      ).texts) {
        const encoding = tokenizer.encode(text, { maxLength: truncated ? ids.length : undefined });
        expect([...encoding.ids], text).toEqual(ids);
        expect(encoding.truncated).toBe(truncated);
      }
    });
    test("ids and offsets of random texts", () => {
      for (const { text, ids, offsets } of rows)
        expect(piecesOf(tokenizer, text), JSON.stringify(text)).toEqual({ ids, offsets });
    });
    test.skipIf(Object.keys(blocks).length === 0)("every code point between two letters", () => {
      const wrong = Object.entries(blocks).filter(
        ([first, digest]) => digestOf(tokenizer, Number.parseInt(first, 16)) !== digest,
      );
      expect(wrong).toEqual([]);
    });
  });
});

function digestOf(tokenizer: Tokenizer, first: number): string {
  const codes = Array.from({ length: 4096 }, (_, i) => first + i).filter((code) => code < 0xd800 || code > 0xdfff);
  const lines = codes.map((code) => {
    const { ids, offsets } = tokenizer.encode(`a${String.fromCodePoint(code)}b`);
    return `${code.toString(16).toUpperCase()}:${ids.subarray(1, -1).join()},${offsets.subarray(2, -2).join()}\n`;
  });
  return createHash("sha256").update(lines.join("")).digest("hex").slice(0, 16);
}
