import { decompose } from "./decompose.ts";
import type { AlignedText } from "./normalize-aligned.ts";
import { canonicalComposition, combiningClass } from "./unicode-data.ts";

/**
 * The text in Unicode normalization form C: taken apart, and each letter put together with the marks behind it that it has a code point with.
 *
 * Alignment follows the Rust tokenizers: each part takes as many sources as have their first part in it, from the next one on, and is
 * aligned with the first of them; a part that takes none is aligned with the source before. So alignments never fall.
 *
 * @see Unicode Standard Annex #15, Unicode Normalization Forms
 */
export function compose(text: AlignedText): AlignedText {
  const { codes, starts } = decompose(text);
  const composed: number[] = [];
  const taken: number[] = []; // how many sources each of `composed` takes
  let starter = -1; // where in `composed` the last letter is
  let lastClass = 0; // of what stands behind it
  // `!`: i is below the length of both, the letter is one of those that were put there, and no more sources are taken than there are.
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i]!;
    const sources = i === 0 || starts[i] !== starts[i - 1] ? 1 : 0;
    const ofCode = combiningClass(code);
    // A mark of its class that stayed between them keeps this one away from the letter.
    const isFree = starter === composed.length - 1 || lastClass < ofCode;
    const both = starter >= 0 && isFree ? canonicalComposition(composed[starter]!, code) : undefined;
    if (both !== undefined) {
      composed[starter] = both;
      taken[starter]! += sources;
      continue;
    }
    if (ofCode === 0) starter = composed.length;
    lastClass = ofCode;
    composed.push(code);
    taken.push(sources);
  }
  let next = 0;
  const alignment = taken.map((sources) => {
    const start = text.starts[sources === 0 ? next - 1 : next]!;
    next += sources;
    return start;
  });
  return { codes: composed, starts: alignment };
}
