import { codePointTraits, Trait } from "./code-point-traits.ts";
import type { Normalizer } from "./normalizer.ts";
import type { AddedToken } from "./tokenizer-definition.ts";

/** What an ASCII character is where words are collected one by one. A letter of a word is below all of these. */
export const AsciiKind = {
  /** Ends a word and is dropped. */
  space: 0x80,
  /** A word of its own: this plus what it normalizes to. */
  punctuation: 0x100,
  /** Needs all stages: it is dropped without ending a word or becomes something not ASCII, an added token may begin with it, or it belongs to the word around one. */
  hard: 0x200,
} as const;

/**
 * What each of the 128 ASCII characters is: a number of {@link AsciiKind}, or for a letter what it normalizes to (`A` to the code of
 * `a`). Undefined if words cannot be read one by one, because an added token holds a space.
 *
 * Punctuation is of the letters where it does not stand alone. Found by sending each character through the stages themselves, so that it is right for any rules of the normalizer.
 */
export function asciiKinds(
  added: readonly AddedToken[],
  normalize: Normalizer,
  { punctuationStandsAlone = true }: { readonly punctuationStandsAlone?: boolean } = {},
): Uint16Array | undefined {
  const traits = codePointTraits();
  const has = (character: string, trait: number) => ((traits[character.codePointAt(0) ?? 0] ?? 0) & trait) !== 0;
  const raw = added.filter(({ normalized }) => !normalized).map(({ content }) => content);
  const normalized = added.filter((token) => token.normalized).map(({ content }) => normalize(content).text);
  if ([...raw, ...normalized].some((content) => [...content].some((character) => has(character, Trait.whitespace)))) {
    return undefined;
  }
  return Uint16Array.from({ length: 128 }, (_, code) => {
    const character = String.fromCharCode(code);
    const letter = normalize(character).text;
    const isOther = letter.length !== 1 || letter.charCodeAt(0) > 127; // dropped, or nothing that a cached word is spelled with
    const mayBeginToken =
      raw.some((content) => content.startsWith(character)) || normalized.some((content) => content.startsWith(letter));
    // Punctuation ends a word here, but `_` before a single-word token makes it none.
    const mayBelong = character === "_" && added.some(({ singleWord }) => singleWord);
    if (isOther || mayBeginToken || mayBelong) return AsciiKind.hard;
    if (has(letter, Trait.whitespace)) return AsciiKind.space;
    return (
      letter.charCodeAt(0) + (punctuationStandsAlone && has(letter, Trait.punctuation) ? AsciiKind.punctuation : 0)
    );
  });
}
