import type { AlignedText } from "./aligned-text.ts";
import { codePointTraits, Trait } from "./code-point-traits.ts";
import { decompose } from "./decompose.ts";

/**
 * The text decomposed (NFD) and without nonspacing marks: é and e + U+0301 both become e.
 *
 * What has no canonical decomposition stays: ı, ß, ø, ﬁ. Hangul stays in jamo.
 */
export function stripAccents(text: AlignedText): AlignedText {
  const traits = codePointTraits();
  const { codes, starts } = decompose(text);
  const isKept = (code: number) => (traits[code]! & Trait.mark) === 0;
  return { codes: codes.filter(isKept), starts: starts.filter((_, i) => isKept(codes[i]!)) };
}
