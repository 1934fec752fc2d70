import type { AlignedText } from "./aligned-text.ts";
import { cleanText } from "./clean-text.ts";
import { lowercase } from "./lowercase.ts";
import { padChinese } from "./pad-chinese.ts";
import { stripAccents } from "./strip-accents.ts";

/** Which steps the normalizer takes. MPNet and BERT uncased take all four. */
export type NormalizerRules = {
  /** Drop control, format and private-use characters; turn every space into U+0020. */
  readonly cleanText: boolean;
  /** Put a space on both sides of Chinese characters. */
  readonly padChinese: boolean;
  /** Decompose (NFD) and drop nonspacing marks. */
  readonly stripAccents: boolean;
  /** Lower case, code point by code point. */
  readonly lowercase: boolean;
};

/** The text after the steps that the rules ask for, in this order: clean, pad Chinese, strip accents, lower case. */
export function normalizeAligned(text: AlignedText, rules: NormalizerRules): AlignedText {
  let normalized = text;
  if (rules.cleanText) normalized = cleanText(normalized);
  if (rules.padChinese) normalized = padChinese(normalized);
  if (rules.stripAccents) normalized = stripAccents(normalized);
  if (rules.lowercase) normalized = lowercase(normalized);
  return normalized;
}
