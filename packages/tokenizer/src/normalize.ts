import { type AlignedText, alignedText } from "./aligned-text.ts";
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

/** A normalized text that remembers where it came from. */
export type NormalizedText = {
  readonly text: string;
  /**
   * For each UTF-16 unit of `text`, the index in the input where the code point that it was made of begins. Never falls. Absent
   * where nothing moved: then the unit at i came from the unit at i.
   */
  readonly starts?: Int32Array;
};

/**
 * Stage 1 of 4: the text that words are cut from. Order of the steps: clean, pad Chinese, strip accents, lower case.
 *
 * Never throws; a lone surrogate reads as U+FFFD, which cleaning drops. Time is linear in the text but for sorting runs of marks.
 *
 * @see Devlin et al., BERT, 2018 (BasicTokenizer); BertNormalizer in huggingface/tokenizers, whose Unicode tables these are
 * @example
 * ```ts
 * import { normalize } from "@kindred/tokenizer";
 *
 * const all = { cleanText: true, padChinese: true, stripAccents: true, lowercase: true };
 * const { text, starts } = normalize("É\u0000中", all);
 * text; // => "e 中 "
 * starts; // => [0, 2, 2, 2]
 * ```
 */
export function normalize(text: string, rules: NormalizerRules): NormalizedText {
  if (/^[ -~]*$/.test(text)) return { text: rules.lowercase ? text.toLowerCase() : text };
  let aligned = alignedText(text);
  if (rules.cleanText) aligned = cleanText(aligned);
  if (rules.padChinese) aligned = padChinese(aligned);
  if (rules.stripAccents) aligned = stripAccents(aligned);
  if (rules.lowercase) aligned = lowercase(aligned);
  return inUnits(aligned);
}

function inUnits({ codes, starts }: AlignedText): NormalizedText {
  let text = "";
  const unitStarts: number[] = [];
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i]!;
    text += String.fromCodePoint(code);
    unitStarts.push(starts[i]!);
    if (code > 0xffff) unitStarts.push(starts[i]!);
  }
  return { text, starts: Int32Array.from(unitStarts) };
}
