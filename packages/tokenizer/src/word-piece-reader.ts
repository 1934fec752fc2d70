import type { CutWord } from "./cut-word.ts";
import type { PartReader } from "./part-reader.ts";
import { splitWords } from "./split-words.ts";

/** Stages 2 and 3 for WordPiece: BERT's words, and their pieces. */
export function createWordPieceReader(wordPiece: CutWord): PartReader {
  const cut: number[] = [];
  return (text, start, end, pieces) => {
    const words = splitWords(text.slice(start, end));
    for (let w = 0; w < words.length && !pieces.full; w += 2) {
      cut.length = 0;
      wordPiece(text, start + words[w]!, start + words[w + 1]!, cut); // two numbers a word
      for (let p = 0; p < cut.length; p += 3) pieces.push(cut[p]!, cut[p + 1]!, cut[p + 2]!); // three a piece
    }
  };
}
