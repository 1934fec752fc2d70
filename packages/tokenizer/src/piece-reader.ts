import { asciiKinds } from "./ascii-kinds.ts";
import { createNormalizer, type Normalizer } from "./normalizer.ts";
import type { PieceList } from "./piece-list.ts";
import { type AddedTokenSplitter, createAddedTokenSplitter } from "./split-added-tokens.ts";
import { splitWords } from "./split-words.ts";
import type { AddedToken, TokenizerDefinition } from "./tokenizer-definition.ts";
import { createWordByWordReader } from "./word-by-word-reader.ts";
import { createWordCache } from "./word-cache.ts";
import { createWordPiece, type WordPiece } from "./word-piece.ts";

/** Appends the pieces of a text, without special tokens around it, to a list until it is full or a word beyond. */
export type PieceReader = (text: string, pieces: PieceList) => void;

/** Stages 1 to 3 of a tokenizer, by what a special token in the text means. */
export type TextReaders = { readonly parse: PieceReader; readonly plain: PieceReader };

/** The readers that a definition describes, which share what they remember of words. */
export function textReaders({
  addedTokens,
  normalizer,
  vocabulary,
  wordPiece: rules,
}: TokenizerDefinition): TextReaders {
  const normalize = createNormalizer(normalizer);
  const wordPiece = createWordPiece(vocabulary, rules);
  const readWord = createWordCache(wordPiece);
  const reader = (added: readonly AddedToken[]) => {
    const readAll = createPieceReader(added, normalize, wordPiece);
    const kinds = asciiKinds(added, normalize);
    return kinds === undefined ? readAll : createWordByWordReader(kinds, readWord, readAll);
  };
  return { parse: reader(addedTokens), plain: reader(addedTokens.filter(({ special }) => !special)) };
}

/**
 * Stages 1 to 3 in a row: added tokens are found in the raw text, what lies between is normalized, searched for normalized added
 * tokens, cut into words, and these into pieces.
 */
export function createPieceReader(
  added: readonly AddedToken[],
  normalize: Normalizer,
  wordPiece: WordPiece,
): PieceReader {
  const splitRaw = createAddedTokenSplitter(added.filter(({ normalized }) => !normalized));
  const splitNormalized = createAddedTokenSplitter(
    added.filter(({ normalized }) => normalized).map((token) => ({ ...token, content: normalize(token.content).text })),
  );
  const readPlain = plainReader(normalize, splitNormalized, wordPiece);
  return (text, pieces) => {
    const { origin } = pieces;
    for (const { start, end, id } of splitRaw(text)) {
      if (pieces.full) break;
      pieces.origin = origin + start;
      if (id === undefined) readPlain(text.slice(start, end), pieces);
      else pieces.push(id, 0, end - start);
    }
    pieces.origin = origin;
  };
}

/** Reads a text that holds no raw added token. */
function plainReader(normalize: Normalizer, splitNormalized: AddedTokenSplitter, wordPiece: WordPiece): PieceReader {
  return (text, pieces) => {
    const { text: normalized, starts } = normalize(text);
    const push = (id: number, start: number, end: number) => {
      const last = starts?.[end - 1] ?? end - 1;
      pieces.push(id, starts?.[start] ?? start, last + ((text.codePointAt(last) ?? 0) > 0xffff ? 2 : 1));
    };
    const cut: number[] = [];
    for (const part of splitNormalized(normalized)) {
      if (part.id !== undefined) {
        if (!pieces.full) push(part.id, part.start, part.end);
        continue;
      }
      const words = splitWords(normalized.slice(part.start, part.end));
      for (let w = 0; w < words.length && !pieces.full; w += 2) {
        cut.length = 0;
        wordPiece(normalized, part.start + words[w]!, part.start + words[w + 1]!, cut); // two numbers a word
        for (let p = 0; p < cut.length; p += 3) push(cut[p]!, cut[p + 1]!, cut[p + 2]!); // three a piece
      }
    }
  };
}
