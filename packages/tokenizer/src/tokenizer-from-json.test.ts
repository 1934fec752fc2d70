import { FormatError } from "@kindred/errors";
import { expect, test } from "vitest";
import { tokenizerFromJson } from "./tokenizer-from-json.ts";
import { tokenizerFromVocab } from "./tokenizer-from-vocab.ts";

type Json = { [key: string]: unknown };

/** A valid file with some of its sections changed. */
function file(changes: Json = {}): string {
  const vocab = "<s>\n<pad>\n</s>\n<unk>\n[UNK]\n[CLS]\n[SEP]\na\n##b\n<mask>";
  return JSON.stringify({ ...JSON.parse(tokenizerFromVocab(vocab).toJson()), ...changes });
}
const section = (name: string, changes: Json) => file({ [name]: { ...JSON.parse(file())[name], ...changes } });

const special = (id: string) => ({ SpecialToken: { id, type_id: 0 } });
const sequence = (id: string) => ({ Sequence: { id, type_id: id === "A" ? 0 : 1 } });
const template = (pair: string[], ids = { "[CLS]": 5, "[SEP]": 6 }) => ({
  type: "TemplateProcessing",
  single: [special("[CLS]"), sequence("A"), special("[SEP]")],
  pair: pair.map((part) => (part.length === 1 ? sequence(part) : special(part))),
  special_tokens: Object.fromEntries(Object.entries(ids).map(([id, n]) => [id, { id, ids: [n], tokens: [id] }])),
});

test("truncation, padding and decoder in the file change nothing", () => {
  const changed = file({
    truncation: { max_length: 3 },
    padding: { strategy: { Fixed: 128 } },
    decoder: { type: "BPE" },
  });
  expect(tokenizerFromJson(changed).definition).toEqual(tokenizerFromJson(file()).definition);
  expect(tokenizerFromJson(changed).encode("a a a a").ids.length).toBe(6);
  expect(JSON.parse(tokenizerFromJson(changed).toJson())).toMatchObject({ truncation: null, padding: null });
});

test("all spellings of a post-processor give its frame", () => {
  const frameOf = (post_processor: unknown) => {
    const tokenizer = tokenizerFromJson(file({ post_processor }));
    return [...tokenizer.encodePair("a", "a").ids].map((id) => tokenizer.tokenOf(id)).join(" ");
  };
  const roberta = {
    type: "RobertaProcessing",
    sep: ["</s>", 2],
    cls: ["<s>", 0],
    trim_offsets: true,
    add_prefix_space: false,
  };
  expect(frameOf(roberta)).toBe("<s> a </s> </s> a </s>");
  expect(frameOf({ type: "BertProcessing", sep: ["[SEP]", 6], cls: ["[CLS]", 5] })).toBe("[CLS] a [SEP] a [SEP]");
  expect(frameOf(template(["[CLS]", "A", "[SEP]", "B", "[SEP]"]))).toBe("[CLS] a [SEP] a [SEP]");
  expect(frameOf(template(["[CLS]", "A", "[SEP]", "[SEP]", "B", "[SEP]"]))).toBe("[CLS] a [SEP] [SEP] a [SEP]");
});

test("what a model leaves out is the default of the Rust tokenizers", () => {
  const { vocab } = JSON.parse(file()).model;
  const model = { vocab };
  expect(tokenizerFromJson(file({ model })).encode("ab").ids).toEqual(Int32Array.of(0, 7, 8, 2));
});

test("added tokens may lie beyond the vocabulary, and swallow space on either side", () => {
  const tokens = JSON.parse(file()).added_tokens;
  const added = {
    id: 10,
    content: "<x>",
    single_word: false,
    lstrip: true,
    rstrip: true,
    normalized: false,
    special: false,
  };
  const tokenizer = tokenizerFromJson(file({ added_tokens: [...tokens, added] }));
  expect(tokenizer.vocabularySize).toBe(11);
  expect([...tokenizer.encode("a <x> a", { specialTokens: "plain" }).ids]).toEqual([0, 7, 10, 7, 2]);
  expect([...tokenizer.encode("a <x> a").offsets]).toEqual([0, 0, 0, 1, 2, 5, 6, 7, 0, 0]);
  expect(tokenizerFromJson(tokenizer.toJson()).definition).toEqual(tokenizer.definition);
});

const vocab = JSON.parse(file()).model.vocab;
const addedToken = (changes: Json) => file({ added_tokens: [{ ...JSON.parse(file()).added_tokens[0], ...changes }] });

test.each([
  ["the file is not JSON", "not JSON", "{"],
  ["the file is a list", "the file", "[]"],
  [
    "a list a million deep",
    "normalizer",
    file().replace('"normalizer":{', `"normalizer":${"[".repeat(1e6)}${"]".repeat(1e6)},"x":{`),
  ],
  ["a key of a million letters", "no such key", file({ ["x".repeat(1e6)]: 1 })],
  ["an unknown section", "did you mean normalizer", file({ normaliser: null })],
  ["another version", "version", file({ version: "2.0" })],
  ["another normalizer", "normalizer.type", section("normalizer", { type: "NFKC" })],
  ["an unknown normalizer option", "normalizer.strip_accent", section("normalizer", { strip_accent: true })],
  ["a normalizer option of another type", "normalizer.lowercase", section("normalizer", { lowercase: 1 })],
  ["another pre-tokenizer", "pre_tokenizer.type", file({ pre_tokenizer: { type: "Whitespace" } })],
  ["another model", "model.type", file({ model: { type: "WordLevel", vocab: {} } })],
  ["an unknown model option", "model.dropout", section("model", { dropout: 0.1 })],
  [
    "a word limit that allows quadratic work",
    "model.max_input_chars",
    section("model", { max_input_chars_per_word: 1e9 }),
  ],
  ["an unknown token that is not there", "model.unk_token", section("model", { unk_token: "[X]" })],
  ["an empty vocabulary", "model.vocab", section("model", { vocab: {} })],
  ["a vocabulary list", "model.vocab", section("model", { vocab: ["a"] })],
  ["an id too high", "model.vocab.z", section("model", { vocab: { ...vocab, z: 4_000_000_000 } })],
  ["an id twice", "no other token has", section("model", { vocab: { ...vocab, z: 0 } })],
  ["a fractional id", "model.vocab.z", section("model", { vocab: { ...vocab, z: 10.5 } })],
  ["an empty token", "model.vocab key", section("model", { vocab: { ...vocab, "": 10 } })],
  ["a token with a lone surrogate", "model.vocab key", section("model", { vocab: { ...vocab, "\ud800": 10 } })],
  ["an added token with another id", "added_tokens[0].id", addedToken({ id: 3 })],
  ["an added token far beyond", "added_tokens[0].id", addedToken({ content: "<x>", id: 99 })],
  ["an added token without content", "added_tokens[0].content", addedToken({ content: "" })],
  ["no post-processor", "post_processor", file({ post_processor: null })],
  ["another post-processor", "post_processor.type", file({ post_processor: { type: "Foo" } })],
  ["a post-processor without a frame", "post_processor is", file({ post_processor: { type: "ByteLevel" } })],
  ["a separator with another id", "post_processor.sep", section("post_processor", { sep: ["</s>", 3] })],
  ["a separator that is no pair", "post_processor.sep", section("post_processor", { sep: ["</s>"] })],
  ["a template that frames otherwise", "post_processor.pair", file({ post_processor: template(["A", "B"]) })],
  [
    "a template with another id",
    "special_tokens.[SEP].ids",
    file({ post_processor: template(["[CLS]", "A", "[SEP]", "B", "[SEP]"], { "[CLS]": 5, "[SEP]": 2 }) }),
  ],
])("refuses %s, naming %j and the file", (_, key, text) => {
  const read = () => tokenizerFromJson(text, { file: "m/tokenizer.json" });
  expect(read).toThrow(FormatError);
  expect(read).toThrow(key);
  expect(read).toThrow(/^m\/tokenizer\.json: /);
});

test("a sign that NFC joins with the mark behind it is no word by itself", () => {
  const json = JSON.parse(tokenizerFromVocab("<s>\n<pad>\n</s>\n<unk>\n[UNK]\n=\n≠\n<mask>").toJson());
  const tokenizer = tokenizerFromJson(JSON.stringify({ ...json, normalizer: { type: "NFC" } }));
  expect([...tokenizer.encode("= =\u0338").ids]).toEqual([0, 5, 6, 2]);
  expect([...tokenizer.encode("= =\u0338").offsets]).toEqual([0, 0, 0, 1, 2, 3, 0, 0]);
});

test("__proto__ is a token like any other", () => {
  const text = file().replace('"a":7', '"__proto__":7');
  const tokenizer = tokenizerFromJson(text);
  expect(tokenizer.tokenOf(7)).toBe("__proto__");
  expect(tokenizerFromJson(tokenizer.toJson()).toVocab()).toBe(tokenizer.toVocab());
});
