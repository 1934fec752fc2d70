import type { PieceList } from "./piece-list.ts";
import type { WordPiece } from "./word-piece.ts";

/** The most letters that a remembered word has. */
export const longestWord = 16;

/** Appends the pieces of the word that the first `length` of `letters` spell in ASCII, and that begins at `start` of the text. */
export type WordReader = (letters: Uint8Array, length: number, start: number, pieces: PieceList) => void;

// A slot of the table, in 32-bit numbers: the word's letters as bytes, its length (0: free), how many pieces it has, and these, each
// as its id · 32 + its end in the word. Any cut of any word fits: at most a piece a letter.
const lengthField = longestWord / 4;
const countField = lengthField + 1;
const firstPiece = countField + 1;
const slotSize = 24; // 96 bytes, of which most words use one cache line

/**
 * WordPiece with a memory: text repeats its words, so that most need not be cut again.
 *
 * An open-addressed hash table that is at most half full: the word after the `mostWords`-th (a power of two) makes it forget all and
 * begin again. Letters are compared, not only hashes, so that no result depends on which words were met before. Takes 192 bytes a
 * word, 3 MB by default.
 */
export function createWordCache(wordPiece: WordPiece, mostWords = 16_384): WordReader {
  const slots = 2 * mostWords;
  const table = new Int32Array(slotSize * slots);
  const bytes = new Uint8Array(table.buffer);
  let words = 0;

  const holds = (slot: number, letters: Uint8Array, length: number) => {
    if (table[slot + lengthField] !== length) return false;
    for (let i = 0; i < length; i++) if (bytes[4 * slot + i] !== letters[i]) return false;
    return true;
  };

  /** Where in `table` the word lies, or would lie. */
  const find = (letters: Uint8Array, length: number) => {
    let index = hash(letters, length) & (slots - 1);
    while (table[slotSize * index + lengthField] !== 0 && !holds(slotSize * index, letters, length)) {
      index = (index + 1) & (slots - 1);
    }
    return slotSize * index;
  };

  const cut: number[] = [];
  const remember = (slot: number, letters: Uint8Array, length: number) => {
    const word = letters.subarray(0, length);
    cut.length = 0;
    wordPiece(String.fromCharCode(...word), 0, length, cut);
    bytes.set(word, 4 * slot);
    table[slot + lengthField] = length;
    table[slot + countField] = cut.length / 3;
    for (let i = 0; 3 * i < cut.length; i++) table[slot + firstPiece + i] = 32 * cut[3 * i]! + cut[3 * i + 2]!;
    words++;
  };

  return (letters, length, start, pieces) => {
    let slot = find(letters, length);
    if (table[slot + lengthField] === 0) {
      if (words === mostWords) {
        table.fill(0);
        words = 0;
        slot = find(letters, length);
      }
      remember(slot, letters, length);
    }
    const first = slot + firstPiece;
    const last = first + table[slot + countField]!;
    let pieceStart = start;
    for (let i = first; i < last; i++) {
      const piece = table[i]!;
      const pieceEnd = start + (piece & 31);
      pieces.push(piece >>> 5, pieceStart, pieceEnd);
      pieceStart = pieceEnd;
    }
  };
}

function hash(letters: Uint8Array, length: number): number {
  let mixed = 0;
  for (let i = 0; i < length; i++) mixed = Math.imul(mixed ^ letters[i]!, 0x9e3779b1); // 2³² / golden ratio, as Knuth advises
  return mixed ^ (mixed >>> 15);
}
