import type { TokenizerDefinition } from "./tokenizer-definition.ts";

/**
 * The text of a tokenizer.json, as the Rust tokenizers read it: vocabulary in the order of ids, truncation and padding null, so
 * that lengths are the caller's business.
 *
 * The post-processor is `RobertaProcessing` (two `</s>` between the texts of a pair) or `BertProcessing` (one).
 */
export function tokenizerToJson(definition: TokenizerDefinition): string {
  const { normalizer, wordPiece, pairSeparators } = definition;
  const { bos, eos } = definition.specialTokens;
  const ids = new Map(definition.vocabulary.map((token, id) => [token, id]));
  for (const { id, content } of definition.addedTokens) ids.set(content, id);
  const sections = {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: definition.addedTokens.map(({ id, content, special, normalized, stripLeft, stripRight }) => ({
      id,
      content,
      single_word: false,
      lstrip: stripLeft,
      rstrip: stripRight,
      normalized,
      special,
    })),
    normalizer: {
      type: "BertNormalizer",
      clean_text: normalizer.cleanText,
      handle_chinese_chars: normalizer.padChinese,
      strip_accents: normalizer.stripAccents === normalizer.lowercase ? null : normalizer.stripAccents,
      lowercase: normalizer.lowercase,
    },
    pre_tokenizer: { type: "BertPreTokenizer" },
    post_processor: {
      type: pairSeparators === 2 ? "RobertaProcessing" : "BertProcessing",
      sep: [eos, ids.get(eos)],
      cls: [bos, ids.get(bos)],
      ...(pairSeparators === 2 ? { trim_offsets: true, add_prefix_space: false } : {}),
    },
    decoder: { type: "WordPiece", prefix: wordPiece.continuingPrefix, cleanup: true },
    model: {
      type: "WordPiece",
      unk_token: wordPiece.unknownToken,
      continuing_subword_prefix: wordPiece.continuingPrefix,
      max_input_chars_per_word: wordPiece.maxWordLength,
    },
  };
  // The vocabulary is written by hand: an object would move tokens like "7" to the front and trip over "__proto__".
  const entries = definition.vocabulary.map((token, id) => `${JSON.stringify(token)}:${id}`);
  return `${JSON.stringify(sections).slice(0, -2)},"vocab":{${entries.join(",")}}}}`;
}
