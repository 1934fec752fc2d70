import { FormatError } from "@kindred/errors";
import { readJson, sharedExists, sharedPath } from "@kindred/testing";
import fc from "fast-check";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { bertFiles, bytes, folderCases, json, mpnetFiles, vocabularies } from "../test-support/folder-cases.ts";
import { robertaCases } from "../test-support/roberta-cases.ts";
import { alignedText, type NormalizerRules, normalizeAligned } from "./normalize-aligned.ts";
import { createNormalizer } from "./normalizer.ts";
import { Tokenizer } from "./tokenizer.ts";
import { type TokenizerFiles, tokenizerFromFiles } from "./tokenizer-from-files.ts";
import { tokenizerFileNames } from "./tokenizer-settings.ts";
import { tokenizerToFiles } from "./tokenizer-to-files.ts";

const tokensOf = (tokenizer: Tokenizer, text: string, maxLength?: number) =>
  [...tokenizer.encode(text, { maxLength }).ids].map((id) => `${tokenizer.tokenOf(id)}`).join(" ");

// transformers 5.24.0 (RoBERTa: 5.23.0) with tokenizers 0.23.3 gives these tokens for these files.
describe("reads a folder as transformers does:", () => {
  test.each([...folderCases, ...robertaCases])("$title", ({ files, config, lowercase = false, maxLength, texts }) => {
    const tokenizer = tokenizerFromFiles(files, { config, lowercase });
    for (const [text, tokens] of Object.entries(texts)) expect(tokensOf(tokenizer, text, maxLength), text).toBe(tokens);
  });
});

describe("what is read is written, and read again the same:", () => {
  test.each([...folderCases, ...robertaCases])("$title", ({ files, config, lowercase = false }) => {
    const { definition } = tokenizerFromFiles(files, { config, lowercase });
    const sorted = (given: typeof definition) => ({
      ...given,
      addedTokens: given.addedTokens.toSorted((a, b) => a.id - b.id),
    });
    for (const modelType of ["mpnet", "bert", "roberta", undefined]) {
      const written = tokenizerToFiles(new Tokenizer(definition), { modelType, lowercase });
      expect(sorted(tokenizerFromFiles(written, { lowercase }).definition)).toEqual(sorted(definition));
    }
  });
});

test("any vocabulary, rules and tokens come back from their files", () => {
  const word = fc.stringMatching(/^[a-zé#<>[\]]{1,5}$/);
  const added = fc.record({
    content: word,
    special: fc.boolean(),
    normalized: fc.boolean(),
    singleWord: fc.boolean(),
    stripLeft: fc.boolean(),
    stripRight: fc.boolean(),
  });
  const rules = fc.record({
    kind: fc.constant("Bert" as const),
    cleanText: fc.boolean(),
    padChinese: fc.boolean(),
    stripAccents: fc.boolean(),
    lowercase: fc.boolean(),
  });
  const base = tokenizerFromFiles(mpnetFiles).definition;
  fc.assert(
    fc.property(
      fc.uniqueArray(word, { maxLength: 8 }),
      fc.uniqueArray(added, { selector: ({ content }) => content, maxLength: 4 }),
      fc.array(rules, { maxLength: 2 }),
      fc.constantFrom("left" as const, "right" as const),
      fc.constantFrom("mpnet", "bert", undefined),
      (words, tokens, normalizer, truncationSide, modelType) => {
        const vocabulary = [...new Set([...base.vocabulary, ...words])];
        const own = base.addedTokens.filter(({ content }) => !tokens.some((token) => token.content === content));
        const beyond = tokens.filter(({ content }) => !vocabulary.includes(content));
        const within = tokens.filter(({ content }) => vocabulary.includes(content));
        const addedTokens = [
          ...[...own, ...within.map((token) => ({ ...token, id: vocabulary.indexOf(token.content) }))].sort(
            (a, b) => a.id - b.id,
          ),
          ...beyond.map((token, i) => ({ ...token, id: vocabulary.length + i })),
        ];
        const definition = { ...base, vocabulary, addedTokens, normalizer, truncationSide };
        const files = tokenizerToFiles(new Tokenizer(definition), { modelType });
        expect(tokenizerFromFiles(files).definition).toEqual(definition);
        const lowered = tokenizerFromFiles(files, { lowercase: true });
        const again = tokenizerFromFiles(tokenizerToFiles(lowered, { modelType, lowercase: true }), {
          lowercase: true,
        });
        // A step that changes nothing may be gone: what counts is the text.
        const [read, written] = [again, lowered].map(({ definition }) => createNormalizer(definition.normalizer));
        expect(read?.("İÉ é e\u0301 中A\0\u00a0b")).toEqual(written?.("İÉ é e\u0301 中A\0\u00a0b"));
      },
    ),
  );
});

test("lower-casing first changes nothing where MPNet's and BERT's own rules lower-case and strip accents", () => {
  const all: NormalizerRules = { kind: "Bert", cleanText: true, padChinese: true, stripAccents: true, lowercase: true };
  const first: NormalizerRules = {
    kind: "Bert",
    cleanText: false,
    padChinese: false,
    stripAccents: false,
    lowercase: true,
  };
  for (const rules of [all, { ...all, padChinese: false }]) {
    for (let code = 0; code < 0x110000; code++) {
      const text = { codes: [code], starts: [0] };
      const once = normalizeAligned(text, rules).codes;
      const twice = normalizeAligned(normalizeAligned(text, first), rules).codes;
      if (once.join() !== twice.join()) expect.fail(`U+${code.toString(16)}`);
    }
  }
  expect(alignedText("İ").codes).toEqual([0x130]);
});

describe("refuses, naming file and key,", () => {
  const changed = (name: keyof TokenizerFiles, changes: object): TokenizerFiles => {
    const text = new TextDecoder().decode(mpnetFiles[name] ?? bytes("{}"));
    return { ...mpnetFiles, [name]: json({ ...(JSON.parse(text) as object), ...changes }) };
  };
  const config = (changes: object) => changed("tokenizer_config.json", changes);
  test.each<[string, TokenizerFiles, string]>([
    ["another class", config({ tokenizer_class: "GPT2Tokenizer" }), "tokenizer_config.json: tokenizer_class"],
    ["a class of somebody's own", config({ tokenizer_class: "mpnet" }), "tokenizer_config.json: tokenizer_class"],
    ["code of its own", config({ auto_map: { AutoTokenizer: ["x", null] } }), "tokenizer_config.json: auto_map"],
    ["a processor", config({ processor_class: "X" }), "tokenizer_config.json: processor_class"],
    ["no mask", config({ model_input_names: ["input_ids"] }), "tokenizer_config.json: model_input_names"],
    ["padding on the left", config({ padding_side: "left" }), "tokenizer_config.json: padding_side"],
    ["no side of a text", config({ truncation_side: "middle" }), "tokenizer_config.json: truncation_side"],
    ["a case that is none", config({ do_lower_case: "no" }), "tokenizer_config.json: do_lower_case"],
    ["a class token that is not there", config({ cls_token: null }), "tokenizer_config.json: cls_token"],
    ["an unknown token beyond the words", config({ unk_token: "[X]" }), "tokenizer_config.json: unk_token"],
    [
      "an id that the token can't have",
      config({ added_tokens_decoder: { 400: { content: "new" } } }),
      "tokenizer_config.json: added_tokens_decoder.400",
    ],
    [
      "the same in the older file",
      { ...mpnetFiles, "added_tokens.json": json({ new: 400 }) },
      "added_tokens.json: new",
    ],
    [
      "words of another kind",
      changed("tokenizer.json", { model: { type: "Unigram", vocab: [] } }),
      "tokenizer.json: model.type",
    ],
    ["no vocabulary", {}, "tokenizer.json: the file is missing, and so is vocab.txt"],
    ["a class of another model", config({ tokenizer_class: "RobertaTokenizer" }), "tokenizer.json: model.type"],
    [
      "a vocabulary without its merges",
      { "vocab.json": json({ a: 0 }), "tokenizer_config.json": json({ tokenizer_class: "RobertaTokenizer" }) },
      "tokenizer.json: the file is missing, and so is merges.txt",
    ],
    [
      "a merge of unknown tokens",
      {
        ...{ "vocab.json": json({ a: 0 }), "merges.txt": bytes("#version: 0.2\na b\n") },
        "tokenizer_config.json": json({ tokenizer_class: "RobertaTokenizer" }),
      },
      "merges.txt: line 2",
    ],
    [
      "a class that needs its own file",
      {
        "vocab.txt": bytes(vocabularies.bert),
        "tokenizer_config.json": json({ tokenizer_class: "PreTrainedTokenizerFast" }),
      },
      "tokenizer.json: the file is missing",
    ],
    ["broken UTF-8", { "vocab.txt": Uint8Array.of(0xff) }, "vocab.txt: not valid UTF-8"],
  ])("%s", (_, files, message) => {
    expect(() => tokenizerFromFiles(files)).toThrow(FormatError);
    expect(() => tokenizerFromFiles(files)).toThrow(message);
  });
});

type Golden = {
  readonly texts: readonly { readonly text: string; readonly ids: readonly number[]; readonly truncated: boolean }[];
} & {
  readonly max_seq_length: number;
};

describe.each(["bert", "bert-cls-prompts", "bert-dense", "distilbert"])("equal to transformers on %s", (name) => {
  const folder = ["golden", "families", name] as const;
  test.skipIf(!sharedExists(...folder))("from either file", () => {
    const { texts, max_seq_length: maxLength } = readJson<Golden>(sharedPath(...folder, "expected.json"));
    const entries = tokenizerFileNames
      .filter((file) => sharedExists(...folder, "model", file))
      .map((file) => [file, new Uint8Array(readFileSync(sharedPath(...folder, "model", file)))] as const);
    const files: TokenizerFiles = Object.fromEntries(entries);
    const { "tokenizer.json": _, ...withoutJson } = files;
    const forms = files["vocab.txt"] === undefined ? [files] : [files, withoutJson];
    for (const form of forms) {
      const tokenizer = tokenizerFromFiles(form);
      for (const { text, ids, truncated } of texts) {
        const encoding = tokenizer.encode(text, { maxLength });
        expect([[...encoding.ids], encoding.truncated], text).toEqual([ids, truncated]);
      }
    }
  });
});

test("BERT's frame, roles and token types", () => {
  const tokenizer = tokenizerFromFiles(bertFiles);
  const { ids, typeIds, secondStart } = tokenizer.encodePair("the cat", "cat");
  expect([...ids].map((id) => tokenizer.tokenOf(id)).join(" ")).toBe("[CLS] the cat [SEP] cat [SEP]");
  expect([[...typeIds], secondStart]).toEqual([[0, 0, 0, 0, 1, 1], 4]);
  expect(Object.keys(tokenizer.specialIds).sort()).toEqual(["bos", "eos", "mask", "pad", "unknown"]);
});
