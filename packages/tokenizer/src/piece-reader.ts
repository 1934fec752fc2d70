import type { AddedToken } from "./added-token.ts";
import { type AddedTokenSplitter, createAddedTokenSplitter } from "./split-added-tokens.ts";
import type { Normalizer } from "./normalizer.ts";
import { splitWords } from "./split-words.ts";
import type { WordPiece } from "./word-piece.ts";

/** Pieces of one or more texts: ids, and if wanted the offsets of each, flat `[start0, end0, …]` in units of its text. */
export type Pieces = { readonly ids: number[]; readonly offsets: number[] | undefined };

/** Appends the pieces of a text, without special tokens around it, to `pieces`; stops after `limit` of them. */
export type PieceReader = (text: string, pieces: Pieces, limit: number) => void;

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
  return (text, pieces, limit) => {
    const end = pieces.ids.length + limit;
    for (const part of splitRaw(text)) {
      if (pieces.ids.length >= end) return;
      if (part.id === undefined) {
        readPlain(text, part.start, part.end, pieces, end);
      } else {
        pieces.ids.push(part.id);
        pieces.offsets?.push(part.start, part.end);
      }
    }
  };
}

/** Reads `text[from, to)`, which holds no raw added token, until there are `end` ids. */
function plainReader(normalize: Normalizer, splitNormalized: AddedTokenSplitter, wordPiece: WordPiece) {
  return (text: string, from: number, to: number, pieces: Pieces, end: number) => {
    const { text: normalized, starts } = normalize(text.slice(from, to));
    const append = (id: number, pieceStart: number, pieceEnd: number) => {
      pieces.ids.push(id);
      if (pieces.offsets === undefined) return;
      const last = from + (starts?.[pieceEnd - 1] ?? pieceEnd - 1);
      const width = text.codePointAt(last)! > 0xffff ? 2 : 1;
      pieces.offsets.push(from + (starts?.[pieceStart] ?? pieceStart), last + width);
    };
    const cut: number[] = [];
    for (const part of splitNormalized(normalized)) {
      if (part.id !== undefined) {
        if (pieces.ids.length < end) append(part.id, part.start, part.end);
        continue;
      }
      const words = splitWords(normalized.slice(part.start, part.end));
      for (let w = 0; w < words.length && pieces.ids.length < end; w += 2) {
        cut.length = 0;
        wordPiece(normalized, part.start + words[w]!, part.start + words[w + 1]!, cut);
        for (let p = 0; p < cut.length && pieces.ids.length < end; p += 3) append(cut[p]!, cut[p + 1]!, cut[p + 2]!);
      }
    }
  };
}
