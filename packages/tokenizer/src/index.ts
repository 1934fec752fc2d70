export { tokenizerFromJson } from "./tokenizer-from-json.ts";
export { tokenizerFromVocab, type VocabOptions } from "./tokenizer-from-vocab.ts";
export {
  tokenizerFileNames,
  type TokenizerFiles,
  type TokenizerFilesOptions,
  tokenizerFromFiles,
} from "./tokenizer-from-files.ts";
export { type TokenizerToFilesOptions, tokenizerToFiles } from "./tokenizer-to-files.ts";
export { mpnetVocabulary } from "./mpnet-vocabulary.ts";
export type { AddedToken, SpecialTokens, TokenizerDefinition } from "./tokenizer-definition.ts";
export { Tokenizer, type SpecialIds } from "./tokenizer.ts";
export type { BatchEncoding, EncodeOptions, Encoding, PairEncoding } from "./encoding.ts";
export type { NormalizerRules } from "./normalize-aligned.ts";
export { createNormalizer, type NormalizedText, type Normalizer } from "./normalizer.ts";
export { splitWords } from "./split-words.ts";
export { createWordPiece, type WordPiece, type WordPieceRules } from "./word-piece.ts";
