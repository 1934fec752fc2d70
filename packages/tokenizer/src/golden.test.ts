import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { readJson, readJsonLines, sharedExists, sharedPath } from "@kindred/testing";
import { describe, expect, test } from "vitest";
import { tokenizerFromJson, tokenizerFromVocab } from "./index.ts";

// Made by the Rust tokenizers 0.23.3 with the real vocabulary (shared/golden/README.md). No tolerance: ids are equal or wrong.
const golden = (file: string) => sharedPath("golden", "tokenizer", file);

describe.skipIf(!sharedExists("golden", "tokenizer"))("equal to the Rust tokenizers", () => {
  const json = sharedExists("golden", "tokenizer") ? readFileSync(golden("tokenizer.json"), "utf8") : "";
  const tokenizer = json === "" ? tokenizerFromVocab("[PAD]\n[CLS]\n[SEP]\n[UNK]") : tokenizerFromJson(json);

  test("ids and offsets of the whole corpus", () => {
    const rows = readJsonLines<{ text: string; ids: number[]; offsets: number[] }>(golden("corpus.jsonl"));
    expect(rows.length).toBeGreaterThan(0);
    for (const { text, ids, offsets } of rows) {
      const encoding = tokenizer.encode(text);
      const units = unitsOfCodePoints(text);
      expect([...encoding.ids], text).toEqual(ids);
      expect([...encoding.offsets], text).toEqual(offsets.map((codePoints) => units[codePoints]));
      expect(encoding.truncated).toBe(false);
    }
  });

  test("truncation", () => {
    const rows = readJsonLines<{ max_length: number; text: string; ids: number[]; truncated: boolean }>(
      golden("truncation.jsonl"),
    );
    expect(rows.length).toBeGreaterThan(0);
    for (const row of rows) {
      const { ids, truncated } = tokenizer.encode(row.text, { maxLength: row.max_length });
      expect([...ids], row.text).toEqual(row.ids);
      expect(truncated, row.text).toBe(row.truncated);
    }
  });

  test("pairs", () => {
    const rows = readJsonLines<{ max_length: number | null; text: string; pair: string; ids: number[] }>(
      golden("pairs.jsonl"),
    );
    expect(rows.length).toBeGreaterThan(0);
    for (const { max_length, text, pair, ids } of rows) {
      expect([...tokenizer.encodePair(text, pair, { maxLength: max_length ?? undefined }).ids], text).toEqual(ids);
    }
  });

  test("every one of the 1,112,064 code points between two letters", () => {
    const { blocks } = readJson<{ blocks: { [first: string]: string } }>(golden("all-code-points.json"));
    const wrong = Object.entries(blocks).filter(
      ([first, digest]) => digestOfBlock(Number.parseInt(first, 16)) !== digest,
    );
    expect(Object.keys(blocks).length).toBe(4344); // 0x110000 / 256 without the 8 blocks of surrogates
    expect(wrong).toEqual([]);
  });

  function digestOfBlock(first: number): string {
    const codes = Array.from({ length: 256 }, (_, i) => first + i).filter((code) => code < 0xd800 || code > 0xdfff);
    const { ids, starts } = tokenizer.encodeBatch(codes.map((code) => `a${String.fromCodePoint(code)}b`));
    const lines = codes.map(
      (code, i) =>
        `${code.toString(16).toUpperCase()}:${ids
          .subarray(starts[i], starts[i + 1])
          .slice(1, -1)
          .join()}\n`,
    );
    return createHash("sha256").update(lines.join("")).digest("hex").slice(0, 16);
  }

  test("tokenizer.json, written again", () => {
    expect(JSON.parse(tokenizer.toJson())).toEqual(JSON.parse(json));
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
