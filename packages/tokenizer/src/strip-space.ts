import type { AlignedText } from "./normalize-aligned.ts";
import { isWhitespace } from "./replace-text.ts";

/** At which ends whitespace is dropped. */
export type StrippedEnds = { readonly left: boolean; readonly right: boolean };

/** The text without the whitespace at its ends. */
export function stripSpace({ codes, starts }: AlignedText, { left, right }: StrippedEnds): AlignedText {
  let from = 0;
  let to = codes.length;
  // `!`: from and to − 1 are below the length.
  while (left && from < to && isWhitespace(codes[from]!)) from++;
  while (right && to > from && isWhitespace(codes[to - 1]!)) to--;
  return { codes: codes.slice(from, to), starts: starts.slice(from, to) };
}
