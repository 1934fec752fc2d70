import type { JsonField } from "@kindred/errors";
import { bytePairJson, readByteLevel, readBytePair } from "./byte-pair-json.ts";
import type { TokenizerDefinition, TokenizerModel } from "./tokenizer-definition.ts";
import { readUnigram, readUnigramWords, unigramJson } from "./unigram-json.ts";
import type { ModelJson } from "./vocabulary-json.ts";
import { readBertWords, readWordPiece, wordPieceJson } from "./word-piece-json.ts";

/**
 * The model of a tokenizer.json, with its pre-tokenizer.
 *
 * @throws FormatError for another kind of model, by name, and for anything that is not obeyed
 */
export function readModel(
  model: JsonField,
  preTokenizer: JsonField,
): { readonly vocabulary: string[]; readonly model: TokenizerModel } {
  const type = model.field("type").oneOf("WordPiece", "BPE", "Unigram", undefined); // WordPiece's files from before tokenizers 0.9 have none
  if (type === "BPE") {
    const { vocabulary, rules } = readBytePair(model);
    return { vocabulary, model: { kind: "BPE", ...rules, ...readByteLevel(preTokenizer) } };
  }
  if (type === "Unigram") {
    const { vocabulary, rules } = readUnigram(model);
    return { vocabulary, model: { kind: "Unigram", ...rules, ...readUnigramWords(preTokenizer) } };
  }
  readBertWords(preTokenizer);
  const { vocabulary, rules } = readWordPiece(model);
  return { vocabulary, model: { kind: "WordPiece", ...rules } };
}

/** The sections of a tokenizer.json that a model writes. */
export function modelJson({ vocabulary, model }: TokenizerDefinition): ModelJson {
  switch (model.kind) {
    case "BPE":
      return bytePairJson(vocabulary, model);
    case "Unigram":
      return unigramJson(vocabulary, model);
    case "WordPiece":
      return wordPieceJson(vocabulary, model);
  }
}
