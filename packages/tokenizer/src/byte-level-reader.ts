import { createWordEnd } from "./byte-level-words.ts";
import { byteLetters } from "./byte-letters.ts";
import { type BytePairRules, createBytePair } from "./byte-pair.ts";
import type { CutWord } from "./cut-word.ts";
import type { PartReader } from "./part-reader.ts";
import type { PieceList } from "./piece-list.ts";
import { createWordCache, longestWord } from "./word-cache.ts";

/** Stages 2 and 3 for byte-level BPE. `trimOffsets`: whether places leave out the spaces at either end of a piece. */
export function createByteLevelReader(
  vocabulary: readonly string[],
  rules: BytePairRules,
  trimOffsets: boolean,
): PartReader {
  const wordEnd = createWordEnd();
  const readWord = wordReader(vocabulary, rules);
  const readWords = (text: string, start: number, end: number, pieces: PieceList) => {
    for (let at = start; at < end && !pieces.full; ) {
      const next = rules.splitsWords ? wordEnd(text, at, end) : end;
      readWord(text, at, next, pieces);
      at = next;
    }
  };
  return (text, start, end, pieces) => {
    const from = pieces.count;
    if (!rules.prefixSpace || text.startsWith(" ", start)) readWords(text, start, end, pieces);
    else {
      const { origin } = pieces;
      pieces.origin += start - 1;
      readWords(` ${text.slice(start, end)}`, 0, end - start + 1, pieces);
      pieces.origin = origin;
      dropPrefix(text, start, pieces, from, trimOffsets);
    }
    if (trimOffsets) trimSpaces(text, pieces, from);
  };
}

/** Appends the pieces of the word `text[start, end)`. */
type WordReader = (text: string, start: number, end: number, pieces: PieceList) => void;

/** Short words of ASCII are remembered. */
function wordReader(vocabulary: readonly string[], rules: BytePairRules): WordReader {
  const cutWord = createBytePair(vocabulary, rules);
  const readAny = withoutMemory(cutWord);
  const entries = new Set(vocabulary);
  // What is remembered of a word is where its pieces end, so that no letter may lack one.
  if (
    rules.unknownToken === undefined &&
    !byteLetters()
      .slice(0, 128)
      .every((letter) => entries.has(letter))
  )
    return readAny;
  const readRemembered = createWordCache(cutWord);
  const letters = new Uint8Array(longestWord);
  return (text, start, end, pieces) => {
    const length = end - start;
    if (length > longestWord) {
      readAny(text, start, end, pieces);
      return;
    }
    for (let i = 0; i < length; i++) {
      const unit = text.charCodeAt(start + i);
      if (unit >= 0x80) {
        readAny(text, start, end, pieces);
        return;
      }
      letters[i] = unit;
    }
    readRemembered(letters, length, start, pieces);
  };
}

function withoutMemory(cutWord: CutWord): WordReader {
  return (text, start, end, pieces) => {
    const cut: number[] = [];
    cutWord(text, start, end, cut);
    for (let p = 0; p < cut.length; p += 3) pieces.push(cut[p]!, cut[p + 1]!, cut[p + 2]!); // three numbers a piece
  };
}

/** A space that is not in the text has no place: its piece begins where the text does, and ends there or, untrimmed, one character on. */
function dropPrefix(text: string, start: number, pieces: PieceList, from: number, trimOffsets: boolean): void {
  const { offsets, origin } = pieces;
  const begin = origin + start;
  if (pieces.count === from || offsets[2 * from] !== begin - 1) return;
  offsets[2 * from] = begin;
  if (offsets[2 * from + 1] === begin && !trimOffsets)
    offsets[2 * from + 1] = begin + (text.codePointAt(start)! > 0xffff ? 2 : 1); // no part is empty
}

/** Takes spaces off both ends of each piece from the one at `from` on. One of spaces alone has the place behind them. */
function trimSpaces(text: string, pieces: PieceList, from: number): void {
  const { offsets, origin, count } = pieces;
  for (let at = 2 * from; at < 2 * count; at += 2) {
    let start = offsets[at]! - origin; // `!`: each piece has two offsets
    let end = offsets[at + 1]! - origin;
    while (start < end && text.charCodeAt(start) === 0x20) start++;
    while (start < end && text.charCodeAt(end - 1) === 0x20) end--;
    offsets[at] = origin + start;
    offsets[at + 1] = origin + end;
  }
}
