import { FormatError } from "@kindred/errors";
import { expect, test } from "vitest";
import { byteLevelJson, merges, vocab } from "../test-support/byte-level-tokenizer.ts";
import { mergeLines } from "./byte-pair-json.ts";
import { tokenizerFromJson } from "./tokenizer-from-json.ts";

const model = (changes: { [key: string]: unknown }) => byteLevelJson({ model: changes });
const byteLevel = (changes: { [key: string]: unknown }) => byteLevelJson({ pre_tokenizer: changes });

test("both forms of merges give one tokenizer, which is written with texts", () => {
  const pairs = tokenizerFromJson(model({ merges: merges.map((merge) => merge.split(" ")) }));
  expect(pairs.definition).toEqual(tokenizerFromJson(byteLevelJson()).definition);
  expect(JSON.parse(pairs.toJson()).model).toEqual(JSON.parse(byteLevelJson()).model);
});

test("what the file says of words, bytes and unknown ones comes back", () => {
  const text = byteLevelJson({
    pre_tokenizer: { add_prefix_space: true, use_regex: false },
    post_processor: { trim_offsets: false, add_prefix_space: true },
    model: { unk_token: "<unk>", fuse_unk: true, ignore_merges: true },
  });
  const { definition } = tokenizerFromJson(text);
  expect(definition.model).toMatchObject({
    ...{ kind: "BPE", prefixSpace: true, splitsWords: false },
    ...{ unknownToken: "<unk>", fusesUnknown: true, ignoresMerges: true },
  });
  expect(definition.trimOffsets).toBe(false);
  expect(tokenizerFromJson(tokenizerFromJson(text).toJson()).definition).toEqual(definition);
});

test("a role for what is unknown is found by its name where the model has none", () => {
  expect(tokenizerFromJson(byteLevelJson()).specialIds).toEqual({ bos: 0, eos: 2, pad: 1, mask: 270, unknown: 3 });
});

test("merges.txt has one merge a line, and its version is none", () => {
  const lines = mergeLines("#version: 0.2\r\na b\r\n# a\n", "merges.txt");
  expect(lines.map(({ value, path }) => [value, path])).toEqual([
    ["a b", "line 2"],
    ["# a", "line 3"],
  ]);
});

test.each([
  ["dropout", "model.dropout", model({ dropout: 0.1 })],
  ["a prefix of pieces", "model.continuing_subword_prefix", model({ continuing_subword_prefix: "##" })],
  ["a suffix of words", "model.end_of_word_suffix", model({ end_of_word_suffix: "</w>" })],
  ["fallback to bytes by name", "model.byte_fallback", model({ byte_fallback: true })],
  ["an unknown option", "model.ignore_merge", model({ ignore_merge: true })],
  ["an unknown token that is not there", "model.unk_token", model({ unk_token: "[X]" })],
  ["a merge of an unknown token", "model.merges[1]", model({ merges: ["h e", "h ☃"] })],
  ["a merge into an unknown token", "model.merges[0]", model({ merges: ["e h"] })],
  ["a merge of nothing", "model.merges[0]", model({ merges: [["", "h"]] })],
  ["a merge of one", "model.merges[0]", model({ merges: ["he"] })],
  ["a merge of three", "model.merges[0]", model({ merges: ["h e l"] })],
  [
    "a merge with a space in it",
    "model.merges[0]",
    model({ vocab: { ...vocab, "h e": 271, "h eh": 272 }, merges: [["h e", "h"]] }),
  ],
  ["a merge of numbers", "model.merges[0]", model({ merges: [[1, 2]] })],
  ["merges by name", "model.merges", model({ merges: { "h e": 0 } })],
  ["an id too high", "model.vocab.z", model({ vocab: { ...vocab, z: 4_000_000_000 } })],
  ["a list of tokens", "model.vocab", model({ vocab: Object.keys(vocab) })],
  ["another pre-tokenizer", "pre_tokenizer.type", byteLevel({ type: "Whitespace" })],
  ["an unknown option of words", "pre_tokenizer.regex", byteLevel({ regex: true })],
  ["two pre-tokenizers", "pre_tokenizer", byteLevel({ type: "Sequence", pretokenizers: [] })],
])("refuses %s, naming %j and the file", (_, key, text) => {
  const read = () => tokenizerFromJson(text, { file: "m/tokenizer.json" });
  expect(read).toThrow(FormatError);
  expect(read).toThrow(key);
  expect(read).toThrow(/^m\/tokenizer\.json: /);
});
