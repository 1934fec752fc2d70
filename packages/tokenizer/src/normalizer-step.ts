import type { CharacterMap } from "./character-map.ts";
import { compose } from "./compose.ts";
import { type AlignedText, type NormalizerRules, normalizeAligned } from "./normalize-aligned.ts";
import { replaceByCharacterMap } from "./replace-by-character-map.ts";
import { replaceText, type TextReplacement } from "./replace-text.ts";
import { stripSpace, type StrippedEnds } from "./strip-space.ts";

/**
 * One step of a normalizer: BERT's, Unicode's form C, sentencepiece's character map, a replacement, whitespace dropped at the ends, a text
 * put in front.
 */
export type NormalizerStep =
  | NormalizerRules
  | { readonly kind: "NFC" }
  | { readonly kind: "Precompiled"; readonly map: CharacterMap }
  | ({ readonly kind: "Replace" } & TextReplacement)
  | ({ readonly kind: "Strip" } & StrippedEnds)
  | { readonly kind: "Prepend"; readonly text: string };

/** The text after a step. */
export function takeStep(text: AlignedText, step: NormalizerStep): AlignedText {
  switch (step.kind) {
    case "Bert":
      return normalizeAligned(text, step);
    case "NFC":
      return compose(text);
    case "Precompiled":
      return replaceByCharacterMap(text, step.map);
    case "Replace":
      return replaceText(text, step);
    case "Strip":
      return stripSpace(text, step);
    case "Prepend":
      return prepend(text, step.text);
  }
}

/** What is put in front is aligned with the first code point; an empty text stays empty. */
function prepend({ codes, starts }: AlignedText, text: string): AlignedText {
  const [start] = starts;
  if (start === undefined) return { codes, starts };
  const front = Array.from(text, (character) => character.codePointAt(0) ?? 0); // a character has one
  return { codes: [...front, ...codes], starts: [...front.map(() => start), ...starts] };
}

/** Whether a step makes of a text what it makes of its parts, if it is cut before or after ASCII spaces. */
export function isTakenByParts(step: NormalizerStep): boolean {
  return step.kind === "Bert" || step.kind === "NFC" || (step.kind === "Precompiled" && !step.map.crossesSpaces);
}
