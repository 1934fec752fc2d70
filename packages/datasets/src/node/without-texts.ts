import type { TextRow } from "../text-row.ts";

/**
 * The rows that share no text with the held-out ones, whatever the case, punctuation and spacing: a held-out text that
 * is also in the training part, in another row, would let a model score by memory.
 */
export function withoutTexts(rows: readonly TextRow[], heldOut: readonly TextRow[]): readonly TextRow[] {
  const texts = new Set(heldOut.flatMap((row) => row.texts.map(lettersOf)));
  return rows.filter((row) => !row.texts.some((text) => texts.has(lettersOf(text))));
}

function lettersOf(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, " ")
    .trim();
}
