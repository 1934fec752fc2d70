import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { readJson, sharedExists, sharedPath } from "@kindred/testing";
import { describe, expect, test } from "vitest";
import { loadTokenizer } from "./node/load-tokenizer.ts";
import { tokenizerFromFiles, tokenizerFromJson } from "./index.ts";

// Made by the Rust tokenizers 0.23.3 (golden/README.md). No tolerance: ids and offsets are equal or wrong.
const golden = (file: string) => sharedPath("golden", "byte-level", file);

type Case = { title: string; changes: object; ids: number[][]; offsets?: number[][] };

describe.skipIf(!sharedExists("golden", "byte-level"))("byte-level BPE is equal to the Rust tokenizers:", () => {
  const json = readJson<object>(golden("tokenizer.json"));
  const { texts, cases } = readJson<{ texts: string[]; cases: Case[] }>(golden("cases.json"));

  test.each(cases)("$title", ({ changes, ids, offsets }) => {
    const tokenizer = tokenizerFromJson(JSON.stringify({ ...json, ...changes }));
    const written = tokenizerFromJson(tokenizer.toJson());
    for (const [i, text] of texts.entries()) {
      const encoding = tokenizer.encode(text);
      expect([...encoding.ids], text).toEqual(ids[i]);
      expect(written.encode(text), text).toEqual(encoding);
      const units = unitsOfCodePoints(text);
      if (offsets !== undefined)
        expect([...encoding.offsets], text).toEqual(offsets[i]?.map((codePoints) => units[codePoints]));
    }
    expect(written.definition).toEqual(tokenizer.definition);
  });

  test("every one of the 1,112,064 code points behind a letter, a digit, a space and a sign", () => {
    const { template, blocks } = readJson<{ template: string; blocks: { [first: string]: string } }>(
      golden("all-code-points.json"),
    );
    const tokenizer = tokenizerFromJson(JSON.stringify(json));
    const around = template.split("{0}");
    const digestOfBlock = (first: number) => {
      const codes = Array.from({ length: 0x1000 }, (_, i) => first + i).filter(
        (code) => code < 0xd800 || code > 0xdfff,
      );
      const { ids, starts } = tokenizer.encodeBatch(codes.map((code) => around.join(String.fromCodePoint(code))));
      const lines = codes.map((code, i) => {
        const own = ids.subarray(starts[i], starts[i + 1]).slice(1, -1);
        return `${code.toString(16).toUpperCase()}:${own.join()}\n`;
      });
      return createHash("sha256").update(lines.join("")).digest("hex").slice(0, 16);
    };
    const firsts = Object.keys(blocks);
    expect(firsts.length).toBe(0x110);
    expect(firsts.filter((first) => digestOfBlock(Number.parseInt(first, 16)) !== blocks[first])).toEqual([]);
  });
});

const family = ["golden", "families", "roberta"];

describe.skipIf(!sharedExists(...family))("a RoBERTa's tokenizer", () => {
  type Expected = { max_seq_length: number; texts: { text: string; ids: number[]; truncated: boolean }[] };
  const folder = sharedPath(...family, "model");

  test.each([["model", "tokenizer.json"], ["tokenizer-pairs.json"], ["model"]])("of %s %s", async (...path) => {
    const tokenizer = await loadTokenizer(sharedPath(...family, ...path));
    const { max_seq_length, texts } = readJson<Expected>(sharedPath(...family, "expected.json"));
    expect(texts.length).toBeGreaterThan(20);
    for (const { text, ids, truncated } of texts) {
      const encoding = tokenizer.encode(text, { maxLength: max_seq_length });
      expect([...encoding.ids], text).toEqual(ids);
      expect(encoding.truncated, text).toBe(truncated);
    }
  });

  test("of a folder without tokenizer.json", () => {
    const file = (name: string) => ({ [name]: readFileSync(`${folder}/${name}`) });
    const config = file("tokenizer_config.json");
    const { definition } = tokenizerFromFiles({ ...file("vocab.json"), ...file("merges.txt"), ...config });
    const whole = tokenizerFromFiles({ ...file("tokenizer.json"), ...config }).definition;
    expect(definition.model).toEqual(whole.model);
    expect(definition.vocabulary).toEqual(whole.vocabulary);
    expect(definition.pair).toEqual(whole.pair);
  });
});

/** For each code point of a text, and its end, where it lies in UTF-16 units. */
function unitsOfCodePoints(text: string): number[] {
  const units = [0];
  let end = 0;
  for (const letter of text) {
    end += letter.length;
    units.push(end);
  }
  return units;
}
