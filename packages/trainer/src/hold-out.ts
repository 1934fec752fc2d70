import { childKey, keyFromSeed, uniformAt } from "@kindred/random";

/** What of a row decides whether it is held out. */
export type HoldOutRow = { readonly texts: readonly string[]; readonly group?: string };

const key = keyFromSeed("hold out"); // not the run's seed: a row's side never moves

/**
 * Whether a row is held out: its group (a thread, a conversation), or else its first text, decides by a hash that never changes,
 * so that all rows of a group fall on one side, in every run.
 */
export function isHeldOut({ texts, group }: HoldOutRow, threshold: number): boolean {
  return uniformAt(childKey(key, group ?? texts[0]!), 0) < threshold;
}

/** The share of rows to hold out of `rows`: `holdOut`, or less, so that about `maxHoldOutRows` are. */
export function holdOutThreshold(
  rows: number,
  { holdOut, maxHoldOutRows }: { readonly holdOut: number; readonly maxHoldOutRows: number },
): number {
  return Math.min(holdOut, maxHoldOutRows / rows);
}
