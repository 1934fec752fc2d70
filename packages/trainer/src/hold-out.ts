import type { TextRow } from "@kindred/datasets";
import { childKey, keyFromSeed, uniformAt } from "@kindred/random";

const key = keyFromSeed("hold out"); // not the run's seed: a row's side never moves

/**
 * Whether a row is held out: its group (a thread, a conversation), or else its first text, decides by a hash that never changes,
 * so that all rows of a group fall on one side, in every run.
 */
export function isHeldOut({ texts, group }: Pick<TextRow, "texts" | "group">, threshold: number): boolean {
  return uniformAt(childKey(key, group ?? texts[0] ?? ""), 0) < threshold;
}

/** The rows of a training set that it is judged by, and which of all its rows, those that come later too, it may train on. */
export type HeldOut = { readonly heldOut: readonly TextRow[]; readonly trains: (row: TextRow) => boolean };

/** Holds out about `holdOut` of the rows, at most about `maxHoldOutRows`, and keeps every row with a text of theirs from training. */
export function holdOut(rows: readonly TextRow[], limits: HoldOutLimits): HeldOut {
  const threshold = holdOutThreshold(rows.length, limits);
  const heldOut = rows.filter((row) => isHeldOut(row, threshold));
  const texts = new Set(heldOut.flatMap((row) => row.texts));
  return { heldOut, trains: (row) => !isHeldOut(row, threshold) && !row.texts.some((text) => texts.has(text)) };
}

/** How much to hold out. */
export type HoldOutLimits = { readonly holdOut: number; readonly maxHoldOutRows: number };

/** The share of rows to hold out of `rows`: `holdOut`, or less, so that about `maxHoldOutRows` are. */
export function holdOutThreshold(rows: number, { holdOut: share, maxHoldOutRows }: HoldOutLimits): number {
  return Math.min(share, maxHoldOutRows / rows);
}
