import { type CharacterMap, utf8Length } from "./character-map.ts";
import { graphemeEnd, standsAlone } from "./grapheme-end.ts";
import type { AlignedText } from "./normalize-aligned.ts";

const firstJoined = 0x300; // no code point below goes into a cluster with another below, but CR LF
const carriageReturn = 0x0d;
const longestWhole = 5; // bytes

/**
 * The text with every cluster replaced as a character map says, as the Rust tokenizers read one (their normalizer `Precompiled`).
 *
 * A grapheme cluster of fewer than 6 bytes becomes what its beginning maps to: of ﬁ and a mark behind it remains `fi`. Where its beginning maps
 * to nothing, and in longer clusters, each code point becomes what it maps to, or stays. sentencepiece, which knows no clusters, takes the
 * longest entry at each place and so keeps that mark.
 *
 * A replacement's k-th code point is aligned with the cluster's k-th, those beyond with its last; of these the very last with the code point
 * after the cluster, if that is dropped. (There the offsets of a text that begins with dropped code points are too low by their number;
 * here they are right.)
 *
 * @see huggingface/tokenizers, `normalizers/precompiled.rs`; huggingface/spm_precompiled
 */
export function replaceByCharacterMap({ codes, starts }: AlignedText, { replacement }: CharacterMap): AlignedText {
  const replaced: AlignedText = { codes: [], starts: [] };
  let isExtra = false; // whether the last code point is one more than its cluster had
  /** Whether there was something to put in the place of `codes[from, to)`. */
  const put = (from: number, to: number) => {
    const parts = replacement(codes, from, to);
    if (parts === undefined) return false;
    if (parts.length === 0 && isExtra) replaced.starts[replaced.starts.length - 1] = starts[from]!; // from is below the length
    isExtra = parts.length > to - from;
    for (let k = 0; k < parts.length; k++) {
      replaced.codes.push(parts[k]!); // below their number
      replaced.starts.push(starts[Math.min(from + k, to - 1)]!); // within the cluster
    }
    return true;
  };
  // `!`: i and end are below the length of both.
  for (let i = 0; i < codes.length; ) {
    const isAlone = codes[i]! < firstJoined && (codes[i + 1] ?? 0) < firstJoined && codes[i] !== carriageReturn;
    const end = isAlone ? i + 1 : graphemeEnd(codes, i);
    let bytes = 0;
    for (let k = i; k < end && bytes <= longestWhole; k++) bytes += utf8Length(codes[k]!);
    if (bytes <= longestWhole && end > i + 1 && put(i, end)) {
      i = end;
      continue;
    }
    for (; i < end; i++) {
      if (put(i, i + 1)) continue;
      isExtra = false;
      replaced.codes.push(codes[i]!);
      replaced.starts.push(starts[i]!);
    }
  }
  return replaced;
}

/** What is known of a code point. */
const Known = { nothing: 0, untouched: 1, touched: 2 } as const;

/**
 * Tells texts that a character map leaves as they are, code point by code point, each a cluster of its own: most of them, and of any script. May say
 * no of others.
 */
export function untouchedBy({ replacement }: CharacterMap): (text: string) => boolean {
  const known = new Uint8Array(0x110000);
  const look = (code: number) => {
    const isTouched =
      (code >= 0xd800 && code <= 0xdfff) || !standsAlone(code) || replacement([code], 0, 1) !== undefined;
    known[code] = isTouched ? Known.touched : Known.untouched;
    return known[code];
  };
  return (text) => {
    for (let at = 0; at < text.length; at++) {
      const code = text.codePointAt(at)!; // at is below the length
      if ((known[code] || look(code)) === Known.touched) return false;
      if (code > 0xffff) at++;
    }
    return true;
  };
}
