import { JsonField } from "@kindred/errors";
import { mergeLines, readBytePair, readMerges } from "./byte-pair-json.ts";
import type { TokenizerDefinition, TokenizerModel } from "./tokenizer-definition.ts";
import { vocabularyIn } from "./tokenizer-from-vocab.ts";
import { normalizerOf, type TokenizerSettings } from "./tokenizer-settings.ts";
import { readVocabulary } from "./vocabulary-json.ts";
import { readWordPiece } from "./word-piece-json.ts";

/** How a class of transformers cuts texts. */
export type ClassModel = Pick<TokenizerDefinition, "vocabulary" | "model" | "normalizer" | "trimOffsets">;

/** What a class of transformers takes its model from. */
export type ClassSources = {
  /** tokenizer.json, which counts before the other files. */
  readonly json: JsonField | undefined;
  /** Another file's name in errors, and its text. @throws FormatError if it is missing or no UTF-8 */
  readonly text: (name: "vocab.txt" | "vocab.json" | "merges.txt") => { readonly file: string; readonly text: string };
  readonly get: TokenizerSettings["get"];
  readonly unknownToken: string;
};

/** The model that a class of transformers makes, whose kind is the class's, of a vocabulary and settings. */
export function classModel(kind: TokenizerModel["kind"], sources: ClassSources): ClassModel {
  return kind === "BPE" ? bytePairOf(sources) : wordPieceOf(sources);
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
