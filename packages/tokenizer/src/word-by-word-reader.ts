import { AsciiKind } from "./ascii-kinds.ts";
import type { PieceList } from "./piece-list.ts";
import type { PieceReader } from "./piece-reader.ts";
import { longestWord, type WordReader } from "./word-cache.ts";

/**
 * The fast way through stages 1 to 3, which gives what `readAll` gives: one pass over the text, in which each word of ASCII letters is
 * normalized as it is collected and its pieces are looked up.
 *
 * What is not so simple is left to `readAll`: from the beginning of a word with a hard character, or of more than 16 letters, to
 * the next ASCII space. Neither a word nor an added token reaches across such a space, and no mark is sorted across an ASCII
 * character, so that reading a part gives what it gives in the whole text.
 */
export function createWordByWordReader(kinds: Uint16Array, readWord: WordReader, readAll: PieceReader): PieceReader {
  const letters = new Uint8Array(longestWord);

  /** The end of the text is a space. */
  const kindAt = (text: string, at: number) => {
    if (at >= text.length) return AsciiKind.space;
    const unit = text.charCodeAt(at);
    return unit < 128 ? kinds[unit]! : AsciiKind.hard; // there are 128 kinds
  };

  /** Reads to the next space, and says where that is. */
  const readHard = (text: string, from: number, pieces: PieceList) => {
    let to = from;
    while (kindAt(text, to) !== AsciiKind.space) to++;
    const { origin } = pieces;
    pieces.origin = origin + from;
    readAll(text.slice(from, to), pieces);
    pieces.origin = origin;
    return to;
  };

  return (text, pieces) => {
    for (let at = 0; at < text.length && !pieces.full; ) {
      const start = at;
      let kind = kindAt(text, at);
      while (kind < AsciiKind.space && at - start < longestWord) {
        letters[at - start] = kind;
        kind = kindAt(text, ++at);
      }
      if (kind < AsciiKind.space || kind === AsciiKind.hard) {
        at = readHard(text, start, pieces);
        continue;
      }
      if (at > start) readWord(letters, at - start, start, pieces);
      if (kind !== AsciiKind.space) {
        letters[0] = kind - AsciiKind.punctuation;
        readWord(letters, 1, at, pieces);
      }
      at++;
    }
  };
}
