import { codePointTraits, Trait } from "./code-point-traits.ts";

/**
 * Stage 2 of 4: where the words of a normalized text lie, flat `[start0, end0, start1, end1, …]` in its UTF-16 units.
 *
 * Whitespace separates words and is dropped; each punctuation character is a word of its own. Punctuation is Unicode's category P
 * as the Rust tokenizers know it and every ASCII symbol, so that `$ + < = > ^ | ~` and the grave accent count too; € and emoji do not.
 *
 * @see BertPreTokenizer in huggingface/tokenizers
 * @example
 * ```ts
 * import { splitWords } from "@kindred/tokenizer";
 *
 * splitWords("don't go"); // => [0, 3, 3, 4, 4, 5, 6, 8]
 * ```
 */
export function splitWords(text: string): number[] {
  const traits = codePointTraits();
  const words: number[] = [];
  let wordStart = 0;
  // `!`: at is below the length, and there are traits for every code point.
  for (let at = 0; at < text.length; ) {
    const code = text.codePointAt(at)!;
    const next = at + (code > 0xffff ? 2 : 1);
    const trait = traits[code]!;
    if (trait & (Trait.whitespace | Trait.punctuation)) {
      if (wordStart < at) words.push(wordStart, at);
      if (trait & Trait.punctuation) words.push(at, next);
      wordStart = next;
    }
    at = next;
  }
  if (wordStart < text.length) words.push(wordStart, text.length);
  return words;
}
