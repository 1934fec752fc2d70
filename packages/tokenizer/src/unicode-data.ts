import { combiningClassRanges, compositionExclusions, decompositions } from "./unicode-tables.ts";

/** The code points from the first to the last of a range of a generated table, `61-7a` or `5f`. */
export function codesIn(range: string): { readonly first: number; readonly last: number } {
  const [first = Number.NaN, last = first] = range.split("-").map((code) => Number.parseInt(code, 16));
  return { first, last };
}

/**
 * The code points that each code point maps to, from a generated table: `code=a+b`, hexadecimal, space between; an entry without a
 * code is for the code point after the last one's.
 */
export function parseMappings(table: string): Map<number, readonly number[]> {
  const mappings = new Map<number, readonly number[]>();
  let code = -1;
  for (const entry of table.split(" ")) {
    const [label = "", parts = ""] = entry.split("=");
    code = label === "" ? code + 1 : Number.parseInt(label, 16);
    mappings.set(
      code,
      parts.split("+").map((part) => Number.parseInt(part, 16)),
    );
  }
  return mappings;
}

const firstDecomposable = 0xc0; // À
const firstSyllable = 0xac00;
const syllables = 11_172;
const firstLeading = 0x1100;
const firstVowel = 0x1161;
const firstTrailing = 0x11a7; // one before the first trailing consonant: index 0 means there is none
const leadings = 19;
const vowels = 21;
const trailings = 28;

let decompositionTable: Map<number, readonly number[]> | undefined;

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
  decompositionTable ??= parseMappings(decompositions);
  return decompositionTable.get(code);
}

let compositionTable: Map<number, number> | undefined;

/**
 * The code point that two are together, or undefined: e and U+0301 → é, a leading and a vowel jamo → a syllable. Frozen as the
 * decompositions are.
 */
export function canonicalComposition(first: number, second: number): number | undefined {
  const vowel = second - firstVowel;
  const leading = first - firstLeading;
  if (leading >= 0 && leading < leadings && vowel >= 0 && vowel < vowels)
    return firstSyllable + (leading * vowels + vowel) * trailings;
  const trailing = second - firstTrailing;
  const syllable = first - firstSyllable;
  if (trailing > 0 && trailing < trailings && syllable >= 0 && syllable < syllables && syllable % trailings === 0)
    return first + trailing;
  compositionTable ??= parseCompositions();
  return compositionTable.get(pairKey(first, second));
}

const pairKey = (first: number, second: number) => first * 0x110000 + second;

/** Decompositions turned round: their last part, and what the others are together. */
function parseCompositions(): Map<number, number> {
  const excluded = new Set<number>();
  for (const range of compositionExclusions.split(" ")) {
    const { first, last } = codesIn(range);
    for (let code = first; code <= last; code++) excluded.add(code);
  }
  decompositionTable ??= parseMappings(decompositions);
  const pairs = new Map<number, number>();
  const composed = [...decompositionTable].filter(([code]) => !excluded.has(code));
  // Those of fewer parts first: what the first parts of others are together is then known.
  for (const [code, parts] of composed.sort(([, a], [, b]) => a.length - b.length)) {
    const last = parts.at(-1);
    const first = parts.slice(0, -1).reduce((left, right) => pairs.get(pairKey(left, right)) ?? Number.NaN);
    if (last !== undefined) pairs.set(pairKey(first, last), code);
  }
  return pairs;
}

const firstMark = 0x300;

let classes: Map<number, number> | undefined;

/**
 * The canonical combining class of a code point: 0 for letters and all that keeps its place, above 0 for marks that are sorted
 * by it. Frozen at the Rust tokenizers' Unicode version: marks that are younger have 0 here.
 */
export function combiningClass(code: number): number {
  if (code < firstMark) return 0;
  classes ??= parseClasses();
  return classes.get(code) ?? 0;
}

function parseClasses(): Map<number, number> {
  const parsed = new Map<number, number>();
  for (const entry of combiningClassRanges.split(" ")) {
    const [range = "", value = ""] = entry.split(":");
    const { first, last } = codesIn(range);
    for (let code = first; code <= last; code++) parsed.set(code, Number.parseInt(value, 16));
  }
  return parsed;
}
