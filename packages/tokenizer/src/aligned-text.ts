/**
 * Code points on their way through the normalizer, each with where it came from: `starts[i]` is the UTF-16 index in the input of
 * the code point that `codes[i]` was made of. `starts` never falls.
 */
export type AlignedText = { readonly codes: number[]; readonly starts: number[] };

/** The code points of a text, each aligned with itself. A lone surrogate reads as U+FFFD. */
export function alignedText(text: string): AlignedText {
  const codes: number[] = [];
  const starts: number[] = [];
  for (let at = 0; at < text.length; ) {
    const code = text.codePointAt(at)!;
    codes.push(code >= 0xd800 && code <= 0xdfff ? 0xfffd : code);
    starts.push(at);
    at += code > 0xffff ? 2 : 1;
  }
  return { codes, starts };
}
