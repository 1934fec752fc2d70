import type { CutWord } from "./cut-word.ts";
import type { PieceList } from "./piece-list.ts";

/** The most letters that a remembered word has. */
export const longestWord = 16;

/** Appends the pieces of the word that the first `length` of `letters` spell in ASCII, and that begins at `start` of the text. */
export type WordReader = (letters: Uint8Array, length: number, start: number, pieces: PieceList) => void;

// A slot of the table, in 32-bit numbers: the word's letters as bytes, its length (0: free), how many pieces it has, and these, each
// as its id · 1024 + its start in the word · 32 + its end. Any cut of any word fits: at most a piece a letter, and one for what is put in front.
const lengthField = longestWord / 4;
const countField = lengthField + 1;
const firstPiece = countField + 1;
const slotSize = 24; // 96 bytes, of which most words use one cache line

const mostProbes = 8;

/**
 * Cuts words with a memory: text repeats its words, so that most need not be cut again.
 *
 * A hash table of fixed size: `slots`, a power of two, of 96 bytes each, 3 MB by default. A word lies in one of the 8 slots from its
 * hash on; where these are taken, a new word replaces the one in the first, so that even words chosen to collide cost no more
 * than 8 comparisons. Letters are compared, not only hashes: no result depends on which words were met before.
 */
export function createWordCache(cutWord: CutWord, slots = 32_768): WordReader {
  // `!`: a slot has places for all that is put into it and a word at most `longestWord` letters: no index below misses its array.
  const table = new Int32Array(slotSize * slots);
  const bytes = new Uint8Array(table.buffer);

  const holds = (slot: number, letters: Uint8Array, length: number) => {
    if (table[slot + lengthField] !== length) return false;
    for (let i = 0; i < length; i++) if (bytes[4 * slot + i] !== letters[i]) return false;
    return true;
  };

  const cut: number[] = [];
  const remember = (slot: number, letters: Uint8Array, length: number) => {
    let word = "";
    for (let i = 0; i < length; i++) word += String.fromCharCode(letters[i]!); // spreading a typed array into one call takes several times as long
    cut.length = 0;
    cutWord(word, 0, length, cut); // before anything is written: it might throw
    for (let i = 0; i < length; i++) bytes[4 * slot + i] = letters[i]!;
    table[slot + lengthField] = length;
    table[slot + countField] = cut.length / 3;
    for (let i = 0; 3 * i < cut.length; i++) {
      table[slot + firstPiece + i] = (cut[3 * i]! << 10) | (cut[3 * i + 1]! << 5) | cut[3 * i + 2]!;
    }
    return slot;
  };

  /** Where in `table` the word lies, from now on if it is new. */
  const slotOf = (letters: Uint8Array, length: number) => {
    const home = hash(letters, length);
    for (let probe = 0; probe < mostProbes; probe++) {
      const slot = slotSize * ((home + probe) & (slots - 1));
      if (holds(slot, letters, length)) return slot;
      if (table[slot + lengthField] === 0) return remember(slot, letters, length);
    }
    return remember(slotSize * (home & (slots - 1)), letters, length);
  };

  return (letters, length, start, pieces) => {
    const slot = slotOf(letters, length);
    const first = slot + firstPiece;
    const last = first + table[slot + countField]!;
    for (let i = first; i < last; i++) {
      const piece = table[i]!;
      pieces.push(piece >>> 10, start + ((piece >>> 5) & 31), start + (piece & 31));
    }
  };
}

function hash(letters: Uint8Array, length: number): number {
  let mixed = 0;
  // i is below the number of letters
  for (let i = 0; i < length; i++) mixed = Math.imul(mixed ^ letters[i]!, 0x9e3779b1); // 2³² / golden ratio, as Knuth advises
  return mixed ^ (mixed >>> 15);
}
