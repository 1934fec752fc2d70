import { canonicalDecomposition, codesIn, combiningClass } from "./unicode-data.ts";
import {
  chineseRanges,
  markRanges,
  punctuationRanges,
  removedRanges,
  spaceRanges,
  whitespaceRanges,
} from "./unicode-tables.ts";

/** What a code point can be; several may hold, so that each is a bit of {@link codePointTraits}. */
export const Trait = {
  /** Control, format and private-use characters, which cleaning drops. */
  removed: 1,
  /** Becomes U+0020 in cleaning. */
  space: 2,
  /** A Chinese character, which gets a space on both sides. */
  chinese: 4,
  /** A nonspacing mark, dropped with the accents. */
  mark: 8,
  /** A word of its own. */
  punctuation: 16,
  /** Ends a word. */
  whitespace: 32,
  /** Has, when decomposed, a mark that takes part in canonical reordering and is not dropped with the accents. */
  sorted: 64,
} as const;

let traits: Uint8Array | undefined;

/**
 * The traits of every code point, one byte each, as bits of {@link Trait}.
 *
 * The sets are those of the Rust tokenizers, frozen: their Unicode tables are years older than a JS engine's `\p{…}`, which would
 * split and strip some thousand code points differently, and differently again in the next Node. Filled on first use; 1.1 MB.
 */
export function codePointTraits(): Uint8Array {
  if (traits !== undefined) return traits;
  traits = new Uint8Array(0x110000);
  mark(traits, removedRanges, Trait.removed);
  mark(traits, spaceRanges, Trait.space);
  mark(traits, chineseRanges, Trait.chinese);
  mark(traits, markRanges, Trait.mark);
  mark(traits, punctuationRanges, Trait.punctuation);
  mark(traits, whitespaceRanges, Trait.whitespace);
  markSorted(traits);
  return traits;
}

function markSorted(table: Uint8Array): void {
  const isSorted = (code: number) => combiningClass(code) > 0 && ((table[code] ?? 0) & Trait.mark) === 0;
  for (const code of table.keys()) {
    if (isSorted(code) || canonicalDecomposition(code)?.some(isSorted)) table[code] = (table[code] ?? 0) | Trait.sorted;
  }
}

function mark(table: Uint8Array, ranges: string, trait: number): void {
  for (const range of ranges.split(" ")) {
    const { first, last } = codesIn(range);
    for (let code = first; code <= last; code++) table[code] = (table[code] ?? 0) | trait;
  }
}
