import { codePointTraits, Trait } from "./code-point-traits.ts";
import { decompose } from "./decompose.ts";
import { codesIn, parseMappings } from "./unicode-data.ts";
import { lowercaseRuns, lowercaseSequences } from "./unicode-tables.ts";

/**
 * Code points on their way through the normalizer, each with where it came from: `starts[i]` is the UTF-16 index in the input of
 * the code point that `codes[i]` was made of. `starts` never falls.
 */
export type AlignedText = { readonly codes: number[]; readonly starts: number[] };

/** What BERT's normalizer does with a text. MPNet and BERT uncased do all four. */
export type NormalizerRules = {
  readonly kind: "Bert";
  /** Drop control, format and private-use characters; turn every space into U+0020. */
  readonly cleanText: boolean;
  /** Put a space on both sides of Chinese characters. */
  readonly padChinese: boolean;
  /** Decompose (NFD) and drop nonspacing marks. */
  readonly stripAccents: boolean;
  /** Lower case, code point by code point. */
  readonly lowercase: boolean;
};

/** Whether rules lower-case a text and do nothing else: the step "Lowercase" of tokenizer.json. */
export function lowersOnly({ cleanText, padChinese, stripAccents, lowercase }: NormalizerRules): boolean {
  return lowercase && !cleanText && !padChinese && !stripAccents;
}

/** The code points of a text, each aligned with itself. A lone surrogate reads as U+FFFD. */
export function alignedText(text: string): AlignedText {
  const codes: number[] = [];
  const starts: number[] = [];
  for (let at = 0; at < text.length; ) {
    const code = text.codePointAt(at) ?? 0; // there is one: at < length
    codes.push(code >= 0xd800 && code <= 0xdfff ? 0xfffd : code);
    starts.push(at);
    at += code > 0xffff ? 2 : 1;
  }
  return { codes, starts };
}

/** The text after the steps that the rules ask for, in this order: clean, pad Chinese, strip accents, lower case. */
export function normalizeAligned(text: AlignedText, rules: NormalizerRules): AlignedText {
  let normalized = text;
  if (rules.cleanText) normalized = eachCode(normalized, cleaned);
  if (rules.padChinese) normalized = eachCode(normalized, padded);
  if (rules.stripAccents) normalized = eachCode(decompose(normalized), withoutMark);
  if (rules.lowercase) normalized = eachCode(normalized, lowered);
  return normalized;
}

/** The text with each code point replaced by some, by itself (undefined), or by none. */
function eachCode(text: AlignedText, map: (code: number) => readonly number[] | undefined): AlignedText {
  const mapped: AlignedText = { codes: [], starts: [] };
  // `!`: i is below the length of both.
  for (let i = 0; i < text.codes.length; i++) {
    const code = text.codes[i]!;
    const parts = map(code);
    for (let k = 0; k < (parts?.length ?? 1); k++) {
      mapped.codes.push(parts?.[k] ?? code);
      mapped.starts.push(text.starts[i]!);
    }
  }
  return mapped;
}

const none: readonly number[] = [];
const space: readonly number[] = [0x20];
const has = (code: number, trait: number) => (codePointTraits()[code]! & trait) !== 0; // a byte for every code point

/**
 * Nothing for U+0000, U+FFFD, control, format and private-use characters, and U+0020 for every kind of space.
 *
 * Unassigned code points stay, unlike in the first BERT. U+0085, vertical tab and form feed count as control characters and are
 * dropped, not turned into a space: `a\u0085b` becomes `ab`.
 */
function cleaned(code: number): readonly number[] | undefined {
  return has(code, Trait.removed) ? none : has(code, Trait.space) ? space : undefined;
}

/**
 * A space on both sides of each Chinese character, which makes it a word of its own.
 *
 * Kana and Hangul are not Chinese characters. U+2B820…U+2B91F are not padded: the Rust tokenizers begin that block at U+2B920.
 */
function padded(code: number): readonly number[] | undefined {
  return has(code, Trait.chinese) ? [0x20, code, 0x20] : undefined;
}

/**
 * Nothing for nonspacing marks: of a decomposed text, é and e + U+0301 both become e. What has no canonical decomposition stays:
 * ı, ß, ø, ﬁ. Hangul stays in jamo.
 */
function withoutMark(code: number): readonly number[] | undefined {
  return has(code, Trait.mark) ? none : undefined;
}

let lowercaseTable: Map<number, readonly number[]> | undefined;

/**
 * Lower case, code point by code point: ΣΑΣ becomes σασ, where JavaScript's `toLowerCase` writes σας, because it knows that a sigma
 * at the end of a word is another letter. İ becomes two code points, i and U+0307.
 */
function lowered(code: number): readonly number[] | undefined {
  lowercaseTable ??= parseLowercase();
  return lowercaseTable.get(code);
}

function parseLowercase(): Map<number, readonly number[]> {
  const parsed = parseMappings(lowercaseSequences);
  for (const run of lowercaseRuns.split(" ")) {
    const [range = "", step = "", distance = ""] = run.split(":");
    const { first, last } = codesIn(range);
    for (let code = first; code <= last; code += Number.parseInt(step, 16)) {
      parsed.set(code, [code + Number.parseInt(distance, 16)]);
    }
  }
  return parsed;
}
