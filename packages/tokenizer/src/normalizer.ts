import { codePointTraits, Trait } from "./code-point-traits.ts";
import { type AlignedText, alignedText, type NormalizerRules } from "./normalize-aligned.ts";
import { type NormalizerStep, takeStep } from "./normalizer-step.ts";
import { untouchedBy } from "./replace-by-character-map.ts";

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
 * Stage 1 of 4: the text that words are cut from. Each rules' steps are taken in this order: clean, pad Chinese, strip accents,
 * lower case; then those of the next rules.
 *
 * Time is linear in the text but for sorting runs of marks. What a code point becomes does not depend on its neighbours, except
 * where a mark that is not stripped has to be sorted among others: so results are remembered by code point, and only a text with
 * such a mark, or one that goes through several rules and is not ASCII, goes through the steps as a whole.
 *
 * @see Devlin et al., BERT, 2018 (BasicTokenizer); BertNormalizer in huggingface/tokenizers, whose Unicode tables these are
 * @example
 * ```ts
 * import { createNormalizer } from "@kindred/tokenizer";
 *
 * const normalize = createNormalizer([{ kind: "Bert", cleanText: true, padChinese: true, stripAccents: true, lowercase: true }]);
 * const { text, starts } = normalize("É\u0000中");
 * text; // => "e 中 "
 * starts; // => [0, 2, 2, 2]
 * ```
 */
export function createNormalizer(sequence: readonly NormalizerStep[]): Normalizer {
  const throughAll = (text: AlignedText) => sequence.reduce(takeStep, text);
  const ofBert = sequence.filter((step): step is NormalizerRules => step.kind === "Bert");
  if (ofBert.length < sequence.length) {
    const [step, ...others] = sequence;
    const isUntouched = step !== undefined && others.length === 0 ? untouchedByStep(step) : () => false;
    return (text) => (isUntouched(text) ? { text } : inUnits(throughAll(alignedText(text))));
  }
  const lowercase = ofBert.some((rules) => rules.lowercase);
  const stripAccents = ofBert.some((rules) => rules.stripAccents);
  const remembered = new Map<number, string>();
  const normalizeCodePoint = (code: number) => {
    let normalized = remembered.get(code);
    if (normalized === undefined) {
      normalized = String.fromCodePoint(...throughAll({ codes: [code], starts: [0] }).codes);
      if (remembered.size >= rememberedCodePoints) remembered.clear();
      remembered.set(code, normalized);
    }
    return normalized;
  };
  if (sequence.length === 0) return (text) => ({ text: text.replace(/\p{Cs}/gu, "\ufffd") });
  return (text) => {
    if (/^[ -~]*$/.test(text)) return { text: lowercase ? text.toLowerCase() : text };
    const { codes, starts } = alignedText(text);
    const traits = codePointTraits();
    // Lower case before stripping may make a mark that is sorted: then nothing is known of a code point alone.
    const isSorted = (code: number) => sequence.length > 1 || ((traits[code] ?? 0) & Trait.sorted) !== 0;
    if (stripAccents && codes.some(isSorted)) return inUnits(throughAll({ codes, starts }));
    let normalized = "";
    const unitStarts: number[] = [];
    // `!`: i is below the length of both.
    for (let i = 0; i < codes.length; i++) {
      const part = normalizeCodePoint(codes[i]!);
      normalized += part;
      for (let unit = 0; unit < part.length; unit++) unitStarts.push(starts[i]!);
    }
    return { text: normalized, starts: Int32Array.from(unitStarts) };
  };
}

/** Finds, fast, most texts that a step leaves as they are. */
function untouchedByStep(step: NormalizerStep): (text: string) => boolean {
  if (step.kind === "Precompiled") return untouchedBy(step.map);
  return (text) => step.kind === "NFC" && /^[\0-\u02ff]*$/.test(text); // there is no mark below U+0300
}

function inUnits({ codes, starts }: AlignedText): NormalizedText {
  const unitStarts = new Int32Array(2 * codes.length);
  let text = "";
  // `!`: i is below the length of both.
  for (let i = 0; i < codes.length; i++) {
    unitStarts[text.length] = unitStarts[text.length + 1] = starts[i]!;
    text += String.fromCodePoint(codes[i]!);
  }
  return { text, starts: unitStarts.subarray(0, text.length) };
}
