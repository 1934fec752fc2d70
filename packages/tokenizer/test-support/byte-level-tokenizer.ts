import { byteLetters } from "../src/byte-letters.ts";

type Json = { [key: string]: unknown };

export const merges = ["h e", "l l", "he ll", "hell o", "Ġ hello", "Ã ©", "Ġ Ġ", "' t", "1 2", "Ġ w"] as const;
const special = ["<s>", "<pad>", "</s>", "<unk>"];
const tokens = [...special, ...byteLetters(), ...merges.map((merge) => merge.replace(" ", ""))];

/** The vocabulary of a small RoBERTa: its special tokens, all bytes, some words. */
export const vocab = Object.fromEntries([...tokens, "<mask>"].map((token, id) => [token, id]));

const added = (content: string, flags: Json = {}) => ({
  ...{
    id: vocab[content],
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  },
  ...flags,
});

const json = {
  version: "1.0",
  truncation: null,
  padding: null,
  added_tokens: [...special.map((content) => added(content, { normalized: true })), added("<mask>", { lstrip: true })],
  normalizer: null,
  pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
  post_processor: {
    type: "RobertaProcessing",
    ...{ sep: ["</s>", 2], cls: ["<s>", 0], trim_offsets: true, add_prefix_space: false },
  },
  decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
  model: {
    type: "BPE",
    ...{ dropout: null, unk_token: null, continuing_subword_prefix: null, end_of_word_suffix: null },
    ...{ fuse_unk: false, byte_fallback: false, ignore_merges: false, vocab, merges },
  },
};

/** Its tokenizer.json, with some keys of its sections changed. */
export function byteLevelJson(changes: { [section in keyof typeof json]?: Json } = {}): string {
  const sections = Object.entries(json).map(([name, section]) => {
    const change = changes[name as keyof typeof json];
    return [name, change === undefined ? section : { ...(section as object), ...change }];
  });
  return JSON.stringify(Object.fromEntries(sections));
}
