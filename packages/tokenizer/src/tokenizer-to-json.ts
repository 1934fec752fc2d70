import { lowersOnly, type NormalizerRules } from "./normalize-aligned.ts";
import { idsOf, type TokenizerDefinition } from "./tokenizer-definition.ts";

/**
 * The text of a tokenizer.json, as the Rust tokenizers read it: vocabulary in the order of ids, no padding, and no truncation but
 * the side that is cut, where that is the left one; so that lengths are the caller's business.
 *
 * The post-processor is `RobertaProcessing` where two `</s>` stand between the texts of a pair, else a template.
 */
export function tokenizerToJson(definition: TokenizerDefinition): string {
  const { normalizer, wordPiece, addedTokens, vocabulary } = definition;
  const steps = normalizer.map(normalizerJson);
  const sections = {
    version: "1.0",
    truncation:
      definition.truncationSide === "right"
        ? null
        : { direction: "Left", max_length: longest, strategy: "LongestFirst", stride: 0 },
    padding: null,
    added_tokens: addedTokens.map(({ id, content, special, normalized, singleWord, stripLeft, stripRight }) => ({
      id,
      content,
      single_word: singleWord,
      lstrip: stripLeft,
      rstrip: stripRight,
      normalized,
      special,
    })),
    normalizer: steps.length > 1 ? { type: "Sequence", normalizers: steps } : (steps[0] ?? null),
    pre_tokenizer: { type: "BertPreTokenizer" },
    post_processor: postProcessorJson(definition),
    decoder: { type: "WordPiece", prefix: wordPiece.continuingPrefix, cleanup: true },
    model: {
      type: "WordPiece",
      unk_token: wordPiece.unknownToken,
      continuing_subword_prefix: wordPiece.continuingPrefix,
      max_input_chars_per_word: wordPiece.maxWordLength,
    },
  };
  // The vocabulary is written by hand: an object would move tokens like "7" to the front and trip over "__proto__".
  const entries = vocabulary.flatMap((token, id) => (token === "" ? [] : [`${JSON.stringify(token)}:${id}`]));
  return `${JSON.stringify(sections).slice(0, -2)},"vocab":{${entries.join(",")}}}}`;
}

/** More tokens than any model reads: the limit is said elsewhere. */
const longest = 2 ** 20;

function normalizerJson(rules: NormalizerRules): object {
  if (lowersOnly(rules)) return { type: "Lowercase" };
  const { cleanText, padChinese, stripAccents, lowercase } = rules;
  return {
    type: "BertNormalizer",
    clean_text: cleanText,
    handle_chinese_chars: padChinese,
    strip_accents: stripAccents === lowercase ? null : stripAccents,
    lowercase,
  };
}

function postProcessorJson({
  specialTokens: { bos, eos },
  pair,
  vocabulary,
  addedTokens,
}: TokenizerDefinition): object {
  const ids = idsOf(vocabulary, addedTokens);
  if (pair.types.join() === "0,0,0,0,0,0")
    return {
      type: "RobertaProcessing",
      sep: [eos, ids.get(eos)],
      cls: [bos, ids.get(bos)],
      trim_offsets: true,
      add_prefix_space: false,
    };
  const spelled = [bos, "A", ...Array.from({ length: pair.separators }, () => eos), "B", eos];
  const parts = spelled.map((id, i) => {
    const part = { id, type_id: pair.types[i] ?? 0 }; // one for each part
    return i === 1 || i === spelled.length - 2 ? { Sequence: part } : { SpecialToken: part };
  });
  const frame = [...new Set([bos, eos])].map((id) => [id, { id, ids: [ids.get(id)], tokens: [id] }] as const);
  return {
    type: "TemplateProcessing",
    single: parts.slice(0, 3),
    pair: parts,
    special_tokens: Object.fromEntries(frame),
  };
}
