import { JsonField } from "@kindred/errors";
import type { TokenizerFiles } from "../src/tokenizer-from-files.ts";
import { tokenizerFromVocab } from "../src/tokenizer-from-vocab.ts";

export const bytes = (text: string) => new TextEncoder().encode(text);
export const json = (value: unknown) => bytes(JSON.stringify(value));

const words = ["the", "cat", "The", "É", "e", "é", "##s", "_", "x", "[", "]", "<", ">", "s", "n", "##e", "##w"];
const lines = (...tokens: readonly string[]) => tokens.map((token) => `${token}\n`).join("");

/** Two small vocabularies with words in both cases. */
export const vocabularies = {
  mpnet: lines("<s>", "<pad>", "</s>", "<unk>", "[UNK]", ...words, "<mask>"),
  bert: lines("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ...words),
};

const mpnetConfig = { tokenizer_class: "MPNetTokenizer" };
const bertConfig = { tokenizer_class: "BertTokenizer" };

/** A whole folder of each. */
export const mpnetFiles: TokenizerFiles = {
  "tokenizer.json": bytes(tokenizerFromVocab(vocabularies.mpnet).toJson()),
  "tokenizer_config.json": json(mpnetConfig),
};
export const bertFiles: TokenizerFiles = {
  "tokenizer.json": bytes(tokenizerFromVocab(vocabularies.bert).toJson()),
  "tokenizer_config.json": json(bertConfig),
};

const withConfig = (files: TokenizerFiles, config: object) => ({ ...files, "tokenizer_config.json": json(config) });
const withSections = (files: TokenizerFiles, sections: object) => {
  const text = new TextDecoder().decode(files["tokenizer.json"]);
  return { ...files, "tokenizer.json": json({ ...(JSON.parse(text) as object), ...sections }) };
};
const modelType = (type: string) => new JsonField({ model_type: type }, "config.json");

const token = (content: string, flags: object = {}) => ({
  ...{ content, lstrip: false, rstrip: false, single_word: false, normalized: true, special: false },
  ...flags,
});

/** A folder, and the tokens that transformers gives for some texts. */
export type FolderCase = {
  readonly title: string;
  readonly files: TokenizerFiles;
  readonly config?: JsonField;
  /** As sentence-transformers' `do_lower_case`. */
  readonly lowercase?: boolean;
  readonly maxLength?: number;
  readonly texts: { readonly [text: string]: string };
};

export const folderCases: readonly FolderCase[] = [
  {
    title: "MPNet's class lower-cases whatever tokenizer.json says",
    files: withSections(mpnetFiles, { normalizer: null }),
    texts: { "The É": "<s> the e </s>" },
  },
  {
    title: "MPNet's class, cased by tokenizer_config.json",
    files: withConfig(mpnetFiles, { ...mpnetConfig, do_lower_case: false }),
    texts: { "The É <UNK>": "<s> The É < [UNK] > </s>" },
  },
  {
    title: "the class of the model's type, where no file names one",
    files: withConfig(mpnetFiles, { do_lower_case: false }),
    config: modelType("mpnet"),
    texts: { "The É": "<s> The É </s>" },
  },
  {
    title: "tokenizer.json as it stands, a sequence of normalizers",
    files: withConfig(
      withSections(mpnetFiles, {
        normalizer: {
          type: "Sequence",
          normalizers: [
            { type: "Lowercase" },
            {
              type: "BertNormalizer",
              clean_text: true,
              handle_chinese_chars: true,
              strip_accents: false,
              lowercase: false,
            },
          ],
        },
      }),
      { tokenizer_class: "PreTrainedTokenizerFast" },
    ),
    texts: { "The É": "<s> the é </s>" },
  },
  {
    title: "BERT cased: accents stay where strip_accents is null",
    files: withConfig(bertFiles, { ...bertConfig, do_lower_case: false, strip_accents: null }),
    texts: { "The É": "[CLS] The É [SEP]" },
  },
  {
    title: "BERT cased, stripped",
    files: withConfig(bertFiles, { ...bertConfig, do_lower_case: false, strip_accents: true }),
    texts: { "The é": "[CLS] The e [SEP]" },
  },
  {
    title: "sentence-transformers lower-cases a cased model",
    files: withConfig(bertFiles, { ...bertConfig, do_lower_case: false }),
    lowercase: true,
    texts: { "The É": "[CLS] the é [SEP]" },
  },
  {
    title: "a vocab.txt with tokens in added_tokens.json",
    files: {
      "vocab.txt": bytes(vocabularies.mpnet),
      "tokenizer_config.json": json(mpnetConfig),
      "added_tokens.json": json({ "[NEW]": 23, "the cat": 24 }),
    },
    texts: {
      "the cat xthe cats [NEW]": "<s> the cat x the cat s [NEW] </s>",
      "THE CAT <unk> <S>": "<s> the cat < [UNK] > < s > </s>",
    },
  },
  {
    title: "added_tokens_decoder with its flags",
    files: withConfig(mpnetFiles, {
      ...mpnetConfig,
      added_tokens_decoder: {
        23: token("new", { single_word: true }),
        24: token("[L]", { lstrip: true, normalized: false }),
        25: token("[R]", { rstrip: true, special: true, normalized: false }),
      },
    }),
    texts: {
      "New xnew _new new_ new": "<s> new [UNK] _ n ##e ##w n ##e ##w _ new </s>",
      "x [L] x[R] x": "<s> x [L] x [R] x </s>",
      "[l]": "<s> [ [UNK] ] </s>",
    },
  },
  {
    title: "additional special tokens, of which one is a word",
    files: withConfig(bertFiles, { ...bertConfig, additional_special_tokens: ["[NEW]", "the"] }),
    texts: { "The the [NEW] cats": "[CLS] the the [NEW] cat ##s [SEP]" },
  },
  {
    title: "another unknown token, by special_tokens_map.json",
    files: { ...mpnetFiles, "special_tokens_map.json": json({ unk_token: "<unk>" }) },
    texts: { "zzz [UNK]": "<s> <unk> [UNK] </s>" },
  },
  {
    title: "a text loses its beginning",
    files: withConfig(mpnetFiles, { ...mpnetConfig, truncation_side: "left" }),
    maxLength: 4,
    texts: { "the cat the x": "<s> the x </s>", "the cat": "<s> the cat </s>" },
  },
  {
    title: "a text loses its beginning, as tokenizer.json has it",
    files: withSections(bertFiles, {
      truncation: { direction: "Left", max_length: 9, strategy: "LongestFirst", stride: 0 },
    }),
    maxLength: 4,
    texts: { "the cat the x": "[CLS] the x [SEP]" },
  },
  {
    title: "special tokens in a text are text",
    files: withConfig(bertFiles, { ...bertConfig, split_special_tokens: true }),
    texts: { "the [SEP]": "[CLS] the [ [UNK] ] [SEP]" },
  },
  {
    title: "no mask",
    files: withConfig(bertFiles, {
      ...bertConfig,
      mask_token: null,
      added_tokens_decoder: { 1: token("[UNK]", { special: true, normalized: false }) },
    }),
    texts: { "[MASK] [UNK] [SEP]": "[CLS] [ [UNK] ] [UNK] [SEP] [SEP]" },
  },
  {
    title: "lengths in tokenizer.json are left behind by training",
    files: withSections(bertFiles, {
      truncation: { direction: "Right", max_length: 3, strategy: "LongestFirst", stride: 0 },
      padding: {
        strategy: { Fixed: 3 },
        direction: "Right",
        pad_to_multiple_of: null,
        pad_id: 0,
        pad_type_id: 0,
        pad_token: "[PAD]",
      },
    }),
    maxLength: 9,
    texts: { "the cat the": "[CLS] the cat the [SEP]", "": "[CLS] [SEP]" },
  },
];
