import type { AlignedText } from "./aligned-text.ts";
import { codePointTraits, Trait } from "./code-point-traits.ts";

/**
 * The text with a space on both sides of each Chinese character, which makes it a word of its own.
 *
 * Kana and Hangul are not Chinese characters. U+2B820…U+2B91F are not padded: the Rust tokenizers begin that block at U+2B920.
 */
export function padChinese({ codes, starts }: AlignedText): AlignedText {
  const traits = codePointTraits();
  const padded: AlignedText = { codes: [], starts: [] };
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i]!;
    const start = starts[i]!;
    if (traits[code]! & Trait.chinese) {
      padded.codes.push(0x20, code, 0x20);
      padded.starts.push(start, start, start);
    } else {
      padded.codes.push(code);
      padded.starts.push(start);
    }
  }
  return padded;
}
