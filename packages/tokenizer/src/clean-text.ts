import type { AlignedText } from "./aligned-text.ts";
import { codePointTraits, Trait } from "./code-point-traits.ts";

/**
 * The text without U+0000, U+FFFD, control, format and private-use characters, and with every kind of space as U+0020.
 *
 * Unassigned code points stay, unlike in the first BERT. U+0085, vertical tab and form feed count as control characters and are
 * dropped, not turned into a space: `a\u0085b` becomes `ab`.
 */
export function cleanText({ codes, starts }: AlignedText): AlignedText {
  const traits = codePointTraits();
  const cleaned: AlignedText = { codes: [], starts: [] };
  for (let i = 0; i < codes.length; i++) {
    const trait = traits[codes[i]!]!;
    if (trait & Trait.removed) continue;
    cleaned.codes.push(trait & Trait.space ? 0x20 : codes[i]!);
    cleaned.starts.push(starts[i]!);
  }
  return cleaned;
}
