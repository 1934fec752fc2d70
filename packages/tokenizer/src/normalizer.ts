import { type AlignedText, alignedText } from "./aligned-text.ts";
import { codePointTraits, Trait } from "./code-point-traits.ts";
import { type NormalizerRules, normalizeAligned } from "./normalize-aligned.ts";

/** A normalized text that remembers where it came from. */
export type NormalizedText = {
  readonly text: string;
  /**
   * For each UTF-16 unit of `text`, the index in the input where the code point that it was made of begins. Never falls. Absent
   * where nothing moved: then the unit at i came from the unit at i.
   */
  readonly starts?: Int32Array;
};

/** Normalizes a text. Never throws; a lone surrogate reads as U+FFFD, which cleaning drops. */
export type Normalizer = (text: string) => NormalizedText;

const rememberedCodePoints = 4096;

/**
 * Stage 1 of 4: the text that words are cut from. Order of the steps: clean, pad Chinese, strip accents, lower case.
 *
 * Time is linear in the text but for sorting runs of marks. What a code point becomes does not depend on its neighbours, except
 * where a mark that is not stripped has to be sorted among others: so results are remembered by code point, and only a text with
 * such a mark goes through the steps as a whole.
 *
 * @see Devlin et al., BERT, 2018 (BasicTokenizer); BertNormalizer in huggingface/tokenizers, whose Unicode tables these are
 * @example
 * ```ts
 * import { createNormalizer } from "@kindred/tokenizer";
 *
 * const normalize = createNormalizer({ cleanText: true, padChinese: true, stripAccents: true, lowercase: true });
 * const { text, starts } = normalize("É\u0000中");
 * text; // => "e 中 "
 * starts; // => [0, 2, 2, 2]
 * ```
 */
export function createNormalizer(rules: NormalizerRules): Normalizer {
  const remembered = new Map<number, string>();
  const normalizeCodePoint = (code: number) => {
    let normalized = remembered.get(code);
    if (normalized === undefined) {
      normalized = String.fromCodePoint(...normalizeAligned({ codes: [code], starts: [0] }, rules).codes);
      if (remembered.size >= rememberedCodePoints) remembered.clear();
      remembered.set(code, normalized);
    }
    return normalized;
  };
  return (text) => {
    if (/^[ -~]*$/.test(text)) return { text: rules.lowercase ? text.toLowerCase() : text };
    const { codes, starts } = alignedText(text);
    const traits = codePointTraits();
    if (rules.stripAccents && codes.some((code) => traits[code]! & Trait.sorted)) {
      return inUnits(normalizeAligned({ codes, starts }, rules));
    }
    let normalized = "";
    const unitStarts: number[] = [];
    for (let i = 0; i < codes.length; i++) {
      const part = normalizeCodePoint(codes[i]!);
      normalized += part;
      for (let unit = 0; unit < part.length; unit++) unitStarts.push(starts[i]!);
    }
    return { text: normalized, starts: Int32Array.from(unitStarts) };
  };
}

function inUnits({ codes, starts }: AlignedText): NormalizedText {
  const text = codes.map((code) => String.fromCodePoint(code)).join("");
  return {
    text,
    starts: Int32Array.from(codes.flatMap((code, i) => (code > 0xffff ? [starts[i]!, starts[i]!] : [starts[i]!]))),
  };
}
