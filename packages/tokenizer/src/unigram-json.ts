import type { JsonField } from "@kindred/errors";
import { partsOfSequence } from "./parts-of-sequence.ts";
import type { UnigramScores } from "./unigram.ts";
import type { Metaspace, UnigramWords } from "./unigram-reader.ts";
import type { ModelJson } from "./vocabulary-json.ts";

/**
 * The Unigram model of a tokenizer.json. An id is a place in its list.
 *
 * @throws FormatError for another model, a score that is no finite number, an `unk_id` that is none, by name
 */
export function readUnigram(field: JsonField): { readonly vocabulary: string[]; readonly rules: UnigramScores } {
  const model = field.object("type", "unk_id", "vocab", "byte_fallback");
  const entries = model.vocab.array();
  if (entries.length === 0) model.vocab.refuse("at least one token");
  const vocabulary: string[] = [];
  const scores: number[] = [];
  for (const entry of entries) {
    const [token, score, ...rest] = entry.array();
    if (token === undefined || score === undefined || rest.length > 0) return entry.refuse("[token, score]");
    vocabulary.push(token.value === "" ? "" : token.text());
    scores.push(score.number(Number.NEGATIVE_INFINITY));
  }
  const unknownToken =
    vocabulary[model.unk_id.integer(0, vocabulary.length - 1)] || model.unk_id.refuse("a token's id");
  return { vocabulary, rules: { scores, unknownToken, byteFallback: model.byte_fallback.boolean(false) } };
}

/**
 * The words that a `pre_tokenizer` makes for Unigram.
 *
 * @throws FormatError for any but WhitespaceSplit, Metaspace, one after the other, or none
 */
export function readUnigramWords(field: JsonField): UnigramWords {
  const parts = partsOfSequence(field, "pretokenizers");
  const splitsWhitespace = parts[0]?.field("type").value === "WhitespaceSplit";
  if (splitsWhitespace) parts.shift()?.object("type");
  const [spaces, ...others] = parts;
  if (others.length > 0) return field.refuse("WhitespaceSplit, Metaspace, or one after the other");
  return { splitsWhitespace, metaspace: spaces === undefined ? null : readMetaspace(spaces) };
}

/** Older files say `add_prefix_space` where newer ones say `prepend_scheme`, and `str_rep` beside `replacement`. */
function readMetaspace(field: JsonField): Metaspace {
  field.field("type").oneOf("Metaspace");
  const metaspace = field.object("type", "replacement", "str_rep", "add_prefix_space", "prepend_scheme", "split");
  const replacement = metaspace.replacement.isNull ? "▁" : metaspace.replacement.text();
  if ([...replacement].length !== 1) metaspace.replacement.refuse("one character");
  if (!metaspace.str_rep.isNull) metaspace.str_rep.oneOf(replacement);
  const scheme = metaspace.prepend_scheme;
  const prepend = scheme.isNull ? "always" : scheme.oneOf("always", "first", "never");
  // As the Rust tokenizers have it, which refuse a file that contradicts itself.
  if (!metaspace.add_prefix_space.boolean(true) && prepend !== "never")
    metaspace.add_prefix_space.refuse(`true beside prepend_scheme ${prepend}`);
  return { replacement, prepend, split: metaspace.split.boolean(true) };
}

/** The sections of a tokenizer.json that say this model. */
export function unigramJson(vocabulary: readonly string[], rules: UnigramScores & UnigramWords): ModelJson {
  const { scores, unknownToken, byteFallback, splitsWhitespace, metaspace } = rules;
  const spaces =
    metaspace === null
      ? null
      : {
          type: "Metaspace",
          replacement: metaspace.replacement,
          prepend_scheme: metaspace.prepend,
          split: metaspace.split,
        };
  const words = [...(splitsWhitespace ? [{ type: "WhitespaceSplit" }] : []), ...(spaces === null ? [] : [spaces])];
  return {
    pre_tokenizer: words.length > 1 ? { type: "Sequence", pretokenizers: words } : (words[0] ?? null),
    decoder: spaces,
    model: JSON.stringify({
      type: "Unigram",
      unk_id: vocabulary.lastIndexOf(unknownToken),
      vocab: vocabulary.map((token, id) => [token, scores[id]]),
      byte_fallback: byteFallback,
    }),
  };
}
