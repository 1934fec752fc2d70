import { JsonField } from "@kindred/errors";
import { byteLevelJson, merges, vocab } from "./byte-level-tokenizer.ts";
import { bytes, type FolderCase, json } from "./folder-cases.ts";

const mask = { content: "<mask>", single_word: false, lstrip: true, rstrip: false, normalized: false };
const typedMask = { __type: "AddedToken", ...mask };
const robertaConfig = {
  tokenizer_class: "RobertaTokenizer",
  ...{ bos_token: "<s>", eos_token: "</s>", sep_token: "</s>", cls_token: "<s>", unk_token: "<unk>" },
  ...{ pad_token: "<pad>", mask_token: typedMask, add_prefix_space: false, errors: "replace" },
};
const wholeJson = { "tokenizer.json": bytes(byteLevelJson()) };
const olderFiles = {
  "vocab.json": json(vocab),
  "merges.txt": bytes(["#version: 0.2", ...merges, ""].join("\n")),
};
const config = (settings: object) => ({ "tokenizer_config.json": json(settings) });

export const robertaCases: readonly FolderCase[] = [
  {
    title: "RoBERTa's class",
    files: { ...wholeJson, ...config(robertaConfig) },
    texts: {
      "hello hello, it's 12 <mask> é": "<s> hello Ġhello , Ġ i t ' s Ġ 12 <mask> Ġ Ã© </s>",
      " hello<s>hello</s> ": "<s> Ġhello <s> hello </s> Ġ </s>",
    },
  },
  {
    title: "RoBERTa's class, of vocab.json and merges.txt, with a mask that has flags",
    files: { ...olderFiles, ...config(robertaConfig) },
    texts: { "hello hello, it's 12 <mask> é": "<s> hello Ġhello , Ġ i t ' s Ġ 12 <mask> Ġ Ã© </s>" },
  },
  {
    title: "RoBERTa's class, of vocab.json and merges.txt, which says its mask by its spelling alone",
    files: { ...olderFiles, ...config({ tokenizer_class: "RobertaTokenizerFast" }) },
    texts: { "hello <mask> hello": "<s> hello Ġ <mask> Ġhello </s>" },
  },
  {
    title: "RoBERTa's class, whose mask's flags are in special_tokens_map.json",
    files: {
      ...olderFiles,
      ...config({ ...robertaConfig, mask_token: "<mask>" }),
      "special_tokens_map.json": json({ mask_token: mask }),
    },
    texts: { "hello <mask> hello": "<s> hello <mask> Ġhello </s>" },
  },
  {
    title: "the class of the model's type, for RoBERTa, with an added token",
    files: { ...olderFiles, "added_tokens.json": json({ "<new>": 271 }) },
    config: new JsonField({ model_type: "roberta" }, "config.json"),
    texts: { "hello <new> hello": "<s> hello Ġ <new> Ġhello </s>" },
  },
  {
    title: "RoBERTa's class takes the prefix space from tokenizer_config.json",
    files: { ...wholeJson, ...config({ ...robertaConfig, add_prefix_space: true }) },
    texts: { "hello<mask>hello": "<s> Ġhello <mask> Ġhello </s>", " hello": "<s> Ġhello </s>" },
  },
  {
    title: "RoBERTa's class makes no normalizer, whatever tokenizer.json says",
    files: {
      "tokenizer.json": bytes(JSON.stringify({ ...JSON.parse(byteLevelJson()), normalizer: { type: "Lowercase" } })),
      ...config(robertaConfig),
    },
    texts: { "HELLO hello": "<s> H E L L O Ġhello </s>" },
  },
  {
    title: "byte-level BPE as tokenizer.json stands, with its normalizer and prefix space",
    files: {
      "tokenizer.json": bytes(
        JSON.stringify({
          ...JSON.parse(byteLevelJson({ pre_tokenizer: { add_prefix_space: true } })),
          normalizer: { type: "Lowercase" },
        }),
      ),
      ...config({ ...robertaConfig, tokenizer_class: "PreTrainedTokenizerFast" }),
    },
    texts: { "HELLO <mask>hello": "<s> Ġhello <mask> Ġhello </s>" },
  },
  {
    title: "RoBERTa's class with tokens in added_tokens_decoder",
    files: {
      ...wholeJson,
      ...config({
        ...robertaConfig,
        added_tokens_decoder: {
          270: { ...mask, special: true },
          271: { ...mask, content: "hello w", lstrip: false, normalized: true, special: false },
          272: { ...mask, content: "[R]", lstrip: false, rstrip: true, special: true },
        },
      }),
    },
    texts: { "hello world [R] hello <mask>": "<s> hello w o r l d Ġ [R] hello <mask> </s>" },
  },
  {
    title: "sentence-transformers lower-cases for RoBERTa",
    files: { ...wholeJson, ...config(robertaConfig) },
    lowercase: true,
    texts: { "HELLO hello": "<s> hello Ġhello </s>" },
  },
];
