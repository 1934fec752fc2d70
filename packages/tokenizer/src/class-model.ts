import { FormatError, JsonField } from "@kindred/errors";
import { mergeLines, readBytePair, readMerges } from "./byte-pair-json.ts";
import { readNormalizer } from "./normalizer-json.ts";
import { partsOfSequence } from "./parts-of-sequence.ts";
import type { TokenizerDefinition, TokenizerModel } from "./tokenizer-definition.ts";
import { vocabularyIn } from "./tokenizer-from-vocab.ts";
import { normalizerOf, type TokenizerSettings } from "./tokenizer-settings.ts";
import { readUnigram } from "./unigram-json.ts";
import { readVocabulary } from "./vocabulary-json.ts";
import { readWordPiece } from "./word-piece-json.ts";

/** How a class of transformers cuts texts. */
export type ClassModel = Pick<TokenizerDefinition, "vocabulary" | "model" | "normalizer" | "trimOffsets">;

/** What a class of transformers takes its model from. */
export type ClassSources = {
  /** tokenizer.json, which counts before the other files. */
  readonly json: JsonField | undefined;
  /** What errors call it. */
  readonly file: string;
  /** Another file's name in errors, and its text. @throws FormatError if it is missing or no UTF-8 */
  readonly text: (name: "vocab.txt" | "vocab.json" | "merges.txt") => { readonly file: string; readonly text: string };
  readonly get: TokenizerSettings["get"];
  readonly unknownToken: string;
};

/** The model that a class of transformers makes, whose kind is the class's, of a vocabulary and settings. */
export function classModel(kind: TokenizerModel["kind"], sources: ClassSources): ClassModel {
  switch (kind) {
    case "BPE":
      return bytePairOf(sources);
    case "Unigram":
      return unigramOf(sources);
    case "WordPiece":
      return wordPieceOf(sources);
  }
}

function wordPieceOf({ json, text, get, unknownToken }: ClassSources): ClassModel {
  const fromLines = () => {
    const lines = text("vocab.txt");
    return vocabularyIn(lines.text, lines.file);
  };
  const vocabulary = json === undefined ? fromLines() : readWordPiece(json.field("model")).vocabulary;
  if (!vocabulary.includes(unknownToken))
    get("unk_token").refuse(`a token of the vocabulary, as ${unknownToken} is not`);
  return {
    vocabulary,
    normalizer: [normalizerOf(get)],
    model: { kind: "WordPiece", unknownToken, continuingPrefix: "##", maxWordLength: 100 },
    trimOffsets: true,
  };
}

/** RoBERTa's: it has a name for what is unknown, but spells every byte. */
function bytePairOf({ json, text, get }: ClassSources): ClassModel {
  const fromFiles = () => {
    const entries = text("vocab.json");
    const vocabulary = readVocabulary(JsonField.parse(entries.text, entries.file));
    const lines = text("merges.txt");
    return { vocabulary, merges: readMerges(mergeLines(lines.text, lines.file), vocabulary) };
  };
  const fromJson = (model: JsonField) => {
    const { vocabulary, rules } = readBytePair(model);
    return { vocabulary, merges: rules.merges };
  };
  const { vocabulary, merges } = json === undefined ? fromFiles() : fromJson(json.field("model"));
  const prefixSpace = get("add_prefix_space").boolean(false);
  return {
    vocabulary,
    normalizer: [],
    model: { kind: "BPE", merges, prefixSpace, splitsWords: true, ignoresMerges: false, fusesUnknown: false },
    trimOffsets: get("trim_offsets").boolean(true),
  };
}

/** XLM-RoBERTa's and CamemBERT's, of tokenizer.json alone: its pieces, and of its normalizer the character map and nothing else, as they do. */
function unigramOf({ json, file, get, unknownToken }: ClassSources): ClassModel {
  if (json === undefined)
    throw new FormatError(
      { file },
      "the file is missing, and sentencepiece.bpe.model is not read. Make it in Python: " +
        "`from transformers import AutoTokenizer as T; T.from_pretrained(FOLDER).save_pretrained(FOLDER)`.",
    );
  const { vocabulary, rules } = readUnigram(json.field("model"));
  if (rules.unknownToken !== unknownToken) get("unk_token").refuse(`the token of model.unk_id, ${rules.unknownToken}`);
  const steps = partsOfSequence(json.field("normalizer"), "normalizers");
  const map = steps.find((step) => step.field("type").value === "Precompiled");
  const prepend = get("add_prefix_space").boolean(true) ? "always" : "never";
  return {
    vocabulary,
    normalizer: map === undefined ? [] : [readNormalizer(map)],
    model: {
      kind: "Unigram",
      ...rules,
      byteFallback: false,
      splitsWhitespace: true,
      metaspace: { replacement: "▁", prepend, split: true },
    },
    trimOffsets: true,
  };
}
