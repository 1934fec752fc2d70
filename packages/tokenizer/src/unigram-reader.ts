import type { CutWord } from "./cut-word.ts";
import type { PartReader } from "./part-reader.ts";
import { isWhitespace } from "./replace-text.ts";

/** How a text reaches the cut into pieces: `WhitespaceSplit` and `Metaspace` of the Rust tokenizers, or either, or neither. */
export type UnigramWords = {
  /** Whether whitespace ends a word and is dropped. Else a part without added tokens is one word. */
  readonly splitsWhitespace: boolean;
  /** What stands for a space; null where spaces stay what they are. */
  readonly metaspace: Metaspace | null;
};

/** How spaces are spelled, `▁` for each. */
export type Metaspace = {
  /** One code point: `▁`. */
  readonly replacement: string;
  /** Which words get one in front, unless they begin with it: all, the one at the very beginning of the input, or none. */
  readonly prepend: "always" | "first" | "never";
  /** Whether a word ends before each. */
  readonly split: boolean;
};

/** Cuts a word as its text reaches Unigram: as {@link CutWord} does, `isFirst` at the beginning of the input, about `most` pieces at most. */
export type MarkWord = (
  text: string,
  start: number,
  end: number,
  pieces: number[],
  options?: { readonly isFirst?: boolean; readonly most?: number },
) => void;

/**
 * Words with their `▁` in front, cut. A piece that is nothing but the `▁` put in front has the place of the word's first code point, so that
 * every piece lies somewhere.
 */
export function createMarkWord(cut: CutWord, { splitsWhitespace, metaspace }: UnigramWords): MarkWord {
  if (metaspace === null) return cut;
  const { replacement: mark, prepend, split } = metaspace;
  return (text, start, end, pieces, { isFirst = false, most = Number.POSITIVE_INFINITY } = {}) => {
    let word = text.slice(start, end);
    if (!splitsWhitespace) word = word.replaceAll(" ", mark);
    const isMarked = (prepend === "always" || (prepend === "first" && isFirst)) && !word.startsWith(mark);
    const ahead = isMarked ? mark.length : 0;
    if (isMarked) word = mark + word;
    const firstEnd = start + (text.codePointAt(start)! > 0xffff ? 2 : 1); // a word is not empty
    let next = pieces.length;
    for (let at = 0; at < word.length && next < 3 * most; ) {
      const found = split ? word.indexOf(mark, at + 1) : -1;
      const to = found < 0 ? word.length : found;
      cut(word, at, to, pieces);
      // From places in the word to places in the text. `!`: three numbers a piece.
      for (; next < pieces.length; next += 3) {
        pieces[next + 1] = Math.max(start, start + pieces[next + 1]! - ahead);
        pieces[next + 2] = pieces[next + 2]! <= ahead ? firstEnd : start + pieces[next + 2]! - ahead;
      }
      at = to;
    }
  };
}

/**
 * Whether a word of ASCII letters has the same pieces wherever it stands, about as many as letters: not where the first one is marked unlike
 * others, or where the mark itself would be cut into bytes.
 */
export function hasEqualWords({ splitsWhitespace, metaspace }: UnigramWords, vocabulary: readonly string[]): boolean {
  const marks = metaspace === null || metaspace.prepend === "never" ? [] : [metaspace.replacement];
  return splitsWhitespace && metaspace?.prepend !== "first" && marks.every((mark) => vocabulary.includes(mark));
}

/** Stages 2 and 3 for Unigram. */
export function createUnigramReader(cutMarked: MarkWord, { splitsWhitespace }: UnigramWords): PartReader {
  const cut: number[] = [];
  return (text, start, end, pieces) => {
    const read = (from: number, to: number) => {
      cut.length = 0;
      const isFirst = pieces.origin + from === 0;
      cutMarked(text, from, to, cut, { isFirst, most: pieces.limit - pieces.count });
      for (let p = 0; p < cut.length; p += 3) pieces.push(cut[p]!, cut[p + 1]!, cut[p + 2]!); // three a piece
    };
    if (!splitsWhitespace) return read(start, end);
    for (let at = start; at < end && !pieces.full; ) {
      while (at < end && isWhitespace(text.charCodeAt(at))) at++; // all whitespace is in the BMP
      const from = at;
      while (at < end && !isWhitespace(text.charCodeAt(at))) at++;
      if (from < at) read(from, at);
    }
  };
}
