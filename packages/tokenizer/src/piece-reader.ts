import { asciiKinds } from "./ascii-kinds.ts";
import { createByteLevelReader } from "./byte-level-reader.ts";
import { createNormalizer, type Normalizer } from "./normalizer.ts";
import { isTakenByParts } from "./normalizer-step.ts";
import type { PartReader } from "./part-reader.ts";
import type { PieceList } from "./piece-list.ts";
import { createAddedTokenSplitter } from "./split-added-tokens.ts";
import type { AddedToken, TokenizerDefinition } from "./tokenizer-definition.ts";
import { createUnigram } from "./unigram.ts";
import { createMarkWord, createUnigramReader, hasEqualWords } from "./unigram-reader.ts";
import { createWordByWordReader } from "./word-by-word-reader.ts";
import { createWordCache, type WordReader } from "./word-cache.ts";
import { createWordPiece } from "./word-piece.ts";
import { createWordPieceReader } from "./word-piece-reader.ts";

/** Appends the pieces of a text, without special tokens around it, to a list until it is full or a word beyond. */
export type PieceReader = (text: string, pieces: PieceList) => void;

/** Stages 1 to 3 of a tokenizer, by what a special token in the text means. */
export type TextReaders = { readonly parse: PieceReader; readonly plain: PieceReader };

/** The readers that a definition describes, which share what they remember of words. */
export function textReaders(definition: TokenizerDefinition): TextReaders {
  const { addedTokens } = definition;
  const reader = readerMaker(definition);
  return { parse: reader(addedTokens), plain: reader(addedTokens.filter(({ special }) => !special)) };
}

/** Makes the definition's reader for some of its added tokens. */
function readerMaker(definition: TokenizerDefinition): (added: readonly AddedToken[]) => PieceReader {
  const { model, vocabulary, trimOffsets } = definition;
  const normalize = createNormalizer(definition.normalizer);
  if (model.kind === "BPE") {
    const readPart = createByteLevelReader(vocabulary, model, trimOffsets);
    return (added) => createPieceReader(added, normalize, readPart);
  }
  if (model.kind === "Unigram") {
    const cutMarked = createMarkWord(createUnigram(vocabulary, model), model);
    const readPart = createUnigramReader(cutMarked, model);
    const isWordByWord = hasEqualWords(model, vocabulary) && definition.normalizer.every(isTakenByParts);
    const readWord = isWordByWord ? createWordCache(cutMarked) : undefined;
    return (added) =>
      withMemory(createPieceReader(added, normalize, readPart), readWord, () =>
        asciiKinds(added, normalize, { punctuationStandsAlone: false }),
      );
  }
  const wordPiece = createWordPiece(vocabulary, model);
  const readPart = createWordPieceReader(wordPiece);
  // Other steps look beyond a word: they may join a sign with what follows it.
  const isWordByWord = definition.normalizer.every(({ kind }) => kind === "Bert");
  const readWord = isWordByWord ? createWordCache(wordPiece) : undefined;
  return (added) =>
    withMemory(createPieceReader(added, normalize, readPart), readWord, () => asciiKinds(added, normalize));
}

/** A reader that looks words up, where they can be read one by one. */
function withMemory(
  readAll: PieceReader,
  readWord: WordReader | undefined,
  kindsOf: () => Uint16Array | undefined,
): PieceReader {
  const kinds = readWord === undefined ? undefined : kindsOf();
  return readWord === undefined || kinds === undefined ? readAll : createWordByWordReader(kinds, readWord, readAll);
}

/**
 * Stages 1 to 3 in a row: added tokens are found in the raw text, what lies between is normalized, searched for normalized added
 * tokens, and read part by part.
 */
export function createPieceReader(
  added: readonly AddedToken[],
  normalize: Normalizer,
  readPart: PartReader,
): PieceReader {
  const splitRaw = createAddedTokenSplitter(added.filter(({ normalized }) => !normalized));
  const splitNormalized = createAddedTokenSplitter(
    added.filter(({ normalized }) => normalized).map((token) => ({ ...token, content: normalize(token.content).text })),
  );
  const readPlain = (text: string, pieces: PieceList) => {
    const { text: normalized, starts } = normalize(text);
    const from = pieces.count;
    for (const { start, end, id } of splitNormalized(normalized)) {
      if (pieces.full) break;
      if (id === undefined) readPart(normalized, start, end, pieces);
      else pieces.push(id, start, end);
    }
    if (starts !== undefined) pieces.align(from, starts, text);
  };
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
