import { decompositions } from "./unicode-tables.ts";
import { parseMappings } from "./parse-mappings.ts";

const firstDecomposable = 0xc0; // À
const firstSyllable = 0xac00;
const syllables = 11_172;
const firstLeading = 0x1100;
const firstVowel = 0x1161;
const firstTrailing = 0x11a7; // one before the first trailing consonant: index 0 means there is none
const vowels = 21;
const trailings = 28;

let table: Map<number, readonly number[]> | undefined;

/**
 * The full canonical decomposition of one code point, or undefined if it has none: é → e, U+0301; 한 → three jamo.
 *
 * Frozen at the Rust tokenizers' Unicode version. `String.prototype.normalize` decomposes more (21 code points more in Unicode 17)
 * and reorders more.
 *
 * @see Unicode Standard, section 3.12, for the arithmetic of Hangul syllables
 */
export function canonicalDecomposition(code: number): readonly number[] | undefined {
  if (code < firstDecomposable) return undefined;
  const syllable = code - firstSyllable;
  if (syllable >= 0 && syllable < syllables) {
    const leading = firstLeading + Math.floor(syllable / (vowels * trailings));
    const vowel = firstVowel + Math.floor((syllable % (vowels * trailings)) / trailings);
    const trailing = syllable % trailings;
    return trailing === 0 ? [leading, vowel] : [leading, vowel, firstTrailing + trailing];
  }
  table ??= parseMappings(decompositions);
  return table.get(code);
}
