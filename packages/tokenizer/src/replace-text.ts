import { codePointTraits, Trait } from "./code-point-traits.ts";
import type { AlignedText } from "./normalize-aligned.ts";

/** The regular expressions that a normalizer may look for: runs of spaces, and of whitespace. */
export const replaceableRuns = [" {2,}", "\\s+"] as const;

/** What is looked for, and what takes its place. */
export type TextReplacement = {
  /** A text as it stands, not empty, or one of {@link replaceableRuns}. */
  readonly pattern: { readonly text: string } | { readonly run: (typeof replaceableRuns)[number] };
  /** May be empty. */
  readonly content: string;
};

/**
 * The text with every match replaced, from left to right and without overlap. What takes its place is aligned with its last code point.
 */
export function replaceText({ codes, starts }: AlignedText, { pattern, content }: TextReplacement): AlignedText {
  const replaced: AlignedText = { codes: [], starts: [] };
  const contentCodes = codesOf(content);
  const endOf = "text" in pattern ? matcherOf(codesOf(pattern.text)) : runMatchers[pattern.run];
  // `!`: at and end − 1 are below the length of both.
  for (let at = 0; at < codes.length; ) {
    const end = endOf(codes, at);
    if (end < 0) {
      replaced.codes.push(codes[at]!);
      replaced.starts.push(starts[at]!);
      at++;
      continue;
    }
    for (const code of contentCodes) {
      replaced.codes.push(code);
      replaced.starts.push(starts[end - 1]!);
    }
    at = end;
  }
  return replaced;
}

/** Where the match ends that begins at a place, −1 if none does. */
type Matcher = (codes: readonly number[], at: number) => number;

const codesOf = (text: string) => Array.from(text, (character) => character.codePointAt(0) ?? 0); // a character has one

function matcherOf(pattern: readonly number[]): Matcher {
  return (codes, at) => (pattern.every((code, i) => codes[at + i] === code) ? at + pattern.length : -1);
}

function runMatcher(least: number, has: (code: number) => boolean): Matcher {
  return (codes, at) => {
    let end = at;
    while (end < codes.length && has(codes[end]!)) end++; // below the length
    return end - at >= least ? end : -1;
  };
}

const runMatchers: { readonly [run in (typeof replaceableRuns)[number]]: Matcher } = {
  " {2,}": runMatcher(2, (code) => code === 0x20),
  "\\s+": runMatcher(1, isWhitespace),
};

/** Unicode's White_Space. */
export function isWhitespace(code: number): boolean {
  return (codePointTraits()[code]! & Trait.whitespace) !== 0; // a byte for every code point
}
