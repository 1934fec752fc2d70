import { codesIn } from "./unicode-data.ts";
import { letterRanges, numberRanges, whitespaceRanges } from "./unicode-tables.ts";

const WordKind = { other: 0, letter: 1, number: 2, space: 3 } as const;

let kinds: Uint8Array | undefined;

/** What each code point is in a word: a letter, a number, white space or something else. Filled on first use; 1.1 MB. */
function wordKinds(): Uint8Array {
  if (kinds !== undefined) return kinds;
  kinds = new Uint8Array(0x110000);
  for (const [ranges, kind] of [
    [letterRanges, WordKind.letter],
    [numberRanges, WordKind.number],
    [whitespaceRanges, WordKind.space],
  ] as const) {
    for (const range of ranges.split(" ")) {
      const { first, last } = codesIn(range);
      kinds.fill(kind, first, last + 1);
    }
  }
  return kinds;
}

/** Where a word that begins at `start` ends, in a text that ends at `end`, which is behind it. */
export type WordEnd = (text: string, start: number, end: number) => number;

/**
 * Stage 2 of 4 for byte-level BPE: the words of GPT-2, which together are the whole text.
 *
 * A word is one of 's 't 're 've 'm 'll 'd; or letters, or numbers, or what is neither, with a space before it if there is one; or
 * white space, but without its last character where something follows, which is left for the next word if it is a space.
 *
 * The sets are those of the Rust tokenizers, frozen; see `codePointTraits`.
 *
 * @see Radford et al., Language Models are Unsupervised Multitask Learners, 2019, the pattern in `encoder.py` of its code
 */
export function createWordEnd(): WordEnd {
  const kinds = wordKinds();
  /** The kind of the code point at a place. */
  const kindAt = (text: string, at: number) => {
    const unit = text.charCodeAt(at);
    return kinds[(unit & 0xfc00) === 0xd800 ? text.codePointAt(at)! : unit]!; // `!`: there is a kind for every code point
  };
  return (text, start, end) => {
    const first = text.charCodeAt(start);
    if (first === apostrophe) {
      const length = contractionLength(text, start);
      if (length > 0 && start + length <= end) return start + length;
    }
    let at = start;
    let kind = kindAt(text, at);
    if (kind === WordKind.space) {
      do at++;
      while (at < end && kinds[text.charCodeAt(at)] === WordKind.space);
      if (at === end) return end;
      if (at - start > 1) return at - 1;
      if (first !== space) return at;
      kind = kindAt(text, at);
    }
    do at += (text.charCodeAt(at) & 0xfc00) === 0xd800 ? 2 : 1;
    while (at < end && kindAt(text, at) === kind);
    return at;
  };
}

const space = 0x20;
const apostrophe = 0x27;

/** How long one of 's 't 're 've 'm 'll 'd is that begins at an apostrophe; 0 if none does. */
function contractionLength(text: string, start: number): number {
  switch (text[start + 1]) {
    case "s":
    case "t":
    case "m":
    case "d":
      return 2;
    case "r":
    case "v":
      return text[start + 2] === "e" ? 3 : 0;
    case "l":
      return text[start + 2] === "l" ? 3 : 0;
    default:
      return 0;
  }
}
