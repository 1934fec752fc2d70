import type { JsonField } from "@kindred/errors";
import { partsOfSequence } from "./parts-of-sequence.ts";
import { type ModelJson, readVocabulary, vocabularyJson } from "./vocabulary-json.ts";
import type { WordPieceRules } from "./word-piece.ts";

/**
 * The WordPiece model of a tokenizer.json.
 *
 * @throws FormatError for another model, and for anything that is not obeyed, by name
 */
export function readWordPiece(field: JsonField): { readonly vocabulary: string[]; readonly rules: WordPieceRules } {
  // The type is checked before the keys, so that another model's file is refused for being one and not for its keys.
  field.field("type").oneOf("WordPiece", undefined); // files from before tokenizers 0.9 have none
  const model = field.object("type", "unk_token", "continuing_subword_prefix", "max_input_chars_per_word", "vocab");
  const vocabulary = readVocabulary(model.vocab);
  const text = (field: JsonField, byDefault: string) => (field.isNull ? byDefault : field.text());
  const unknownToken = text(model.unk_token, "[UNK]");
  if (!vocabulary.includes(unknownToken)) model.unk_token.refuse("a token of model.vocab");
  return {
    vocabulary,
    rules: {
      unknownToken,
      continuingPrefix: text(model.continuing_subword_prefix, "##"),
      // a word may cost its square
      maxWordLength: model.max_input_chars_per_word.isNull ? 100 : model.max_input_chars_per_word.integer(1, 1000),
    },
  };
}

/** Refuses any `pre_tokenizer` but BERT's, whose words WordPiece cuts. */
export function readBertWords(field: JsonField): void {
  const [preTokenizer, ...others] = partsOfSequence(field, "pretokenizers");
  preTokenizer?.object("type").type.oneOf("BertPreTokenizer");
  if (preTokenizer === undefined || others.length > 0) field.refuse("BertPreTokenizer");
}

/** The sections of a tokenizer.json that say this model. */
export function wordPieceJson(
  vocabulary: readonly string[],
  { unknownToken, continuingPrefix, maxWordLength }: WordPieceRules,
): ModelJson {
  const model = {
    type: "WordPiece",
    unk_token: unknownToken,
    continuing_subword_prefix: continuingPrefix,
    max_input_chars_per_word: maxWordLength,
  };
  return {
    pre_tokenizer: { type: "BertPreTokenizer" },
    decoder: { type: "WordPiece", prefix: continuingPrefix, cleanup: true },
    model: `${JSON.stringify(model).slice(0, -1)},"vocab":${vocabularyJson(vocabulary)}}`,
  };
}
