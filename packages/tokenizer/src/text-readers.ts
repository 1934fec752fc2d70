import { asciiKinds } from "./ascii-kinds.ts";
import { createNormalizer } from "./normalizer.ts";
import { createPieceReader, type PieceReader } from "./piece-reader.ts";
import type { TokenizerDefinition } from "./tokenizer-definition.ts";
import { createWordByWordReader } from "./word-by-word-reader.ts";
import { createWordCache } from "./word-cache.ts";
import { createWordPiece } from "./word-piece.ts";

/** Stages 1 to 3 of a tokenizer, by what a special token in the text means. */
export type TextReaders = { readonly parse: PieceReader; readonly plain: PieceReader };

/** The readers that a definition describes, which share what they remember of words. */
export function textReaders(definition: TokenizerDefinition): TextReaders {
  const { addedTokens } = definition;
  const normalize = createNormalizer(definition.normalizer);
  const wordPiece = createWordPiece(definition.vocabulary, definition.wordPiece);
  const readWord = createWordCache(wordPiece);
  const reader = (added: TokenizerDefinition["addedTokens"]) => {
    const readAll = createPieceReader(added, normalize, wordPiece);
    const kinds = asciiKinds(added, normalize);
    return kinds === undefined ? readAll : createWordByWordReader(kinds, readWord, readAll);
  };
  return { parse: reader(addedTokens), plain: reader(addedTokens.filter(({ special }) => !special)) };
}
