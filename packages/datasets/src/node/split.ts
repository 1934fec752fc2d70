import { createHash } from "node:crypto";
import type { TextRow } from "../text-row.ts";

/** Which part of a built-in corpus: what may be trained on, what is kept back for evaluation, or both. */
export type Split = "train" | "held-out" | "all";

/** A row of a corpus that is split by groups. */
export type GroupedRow = TextRow & { readonly group: string };

/**
 * The SHA-256 of a text's UTF-8 bytes, as 64 lower-case hexadecimal digits: where a hash decides a split, it never
 * moves.
 */
export function sha256Hex(text: string): string {
  return createHash("sha256").update(text, "utf8").digest("hex");
}

/**
 * The rows that share no text with the held-out ones, whatever the case, punctuation and spacing: a held-out text that
 * is also in the training part, in another row, would let a model score by memory.
 */
export function withoutTexts(rows: readonly GroupedRow[], heldOut: readonly GroupedRow[]): readonly GroupedRow[] {
  const texts = new Set(heldOut.flatMap((row) => row.texts.map(lettersOf)));
  return rows.filter((row) => !row.texts.some((text) => texts.has(lettersOf(text))));
}

function lettersOf(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, " ")
    .trim();
}
