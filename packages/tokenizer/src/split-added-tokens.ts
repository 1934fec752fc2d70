import { codePointTraits, Trait } from "./code-point-traits.ts";
import type { AddedToken } from "./tokenizer-definition.ts";

/** A part of a text, in its UTF-16 units: an added token if it has an id, else text to be tokenized. */
type TextPart = { readonly start: number; readonly end: number; readonly id?: number };

/** Cuts a text into added tokens and what lies between. */
export type AddedTokenSplitter = (text: string) => TextPart[];

/**
 * A splitter at the given tokens: leftmost match, the longest of those that begin there. Whitespace that a token swallows belongs
 * to no part. A single-word token within a word is no match, and neither is another that overlaps it. Without a match the text is
 * one part; an empty text has none.
 *
 * @see huggingface/tokenizers, `added_vocabulary.rs`, `find_matches`
 */
export function createAddedTokenSplitter(tokens: readonly AddedToken[]): AddedTokenSplitter {
  const byContent = new Map(tokens.filter(({ content }) => content !== "").map((token) => [token.content, token]));
  const longestFirst = [...byContent.keys()].sort((a, b) => b.length - a.length);
  if (longestFirst.length === 0) return whole;
  const pattern = new RegExp(longestFirst.map(escapeRegExp).join("|"), "g");
  return (text) => {
    pattern.lastIndex = 0;
    let match = pattern.exec(text);
    if (match === null) return whole(text);
    const parts: TextPart[] = [];
    let textStart = 0;
    for (; match !== null; match = pattern.exec(text)) {
      const [content] = match;
      const token = byContent.get(content);
      const end = match.index + content.length;
      if (token === undefined || (token.singleWord && isWithinWord(text, match.index, end))) continue;
      const textEnd = token.stripLeft ? spaceStart(text, textStart, match.index) : match.index;
      if (textStart < textEnd) parts.push({ start: textStart, end: textEnd });
      parts.push({ start: match.index, end, id: token.id });
      textStart = token.stripRight ? spaceEnd(text, end) : end;
    }
    if (textStart < text.length) parts.push({ start: textStart, end: text.length });
    return parts;
  };
}

const whole: AddedTokenSplitter = (text) => (text === "" ? [] : [{ start: 0, end: text.length }]);

const escapeRegExp = (text: string) => text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");

/** Rust's `\w`, at the end of a text or at its beginning. */
const wordAtEnd = /[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]$/u;
const wordAtStart = /^[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]/u;

function isWithinWord(text: string, start: number, end: number): boolean {
  // Two units are enough for the code point before and after.
  return wordAtEnd.test(text.slice(Math.max(start - 2, 0), start)) || wordAtStart.test(text.slice(end, end + 2));
}

// All whitespace is in the BMP, so that units can be looked at one by one.
const isSpace = (unit: number) => ((codePointTraits()[unit] ?? 0) & Trait.whitespace) !== 0;

function spaceStart(text: string, from: number, to: number): number {
  while (to > from && isSpace(text.charCodeAt(to - 1))) to--;
  return to;
}

function spaceEnd(text: string, from: number): number {
  while (from < text.length && isSpace(text.charCodeAt(from))) from++;
  return from;
}
