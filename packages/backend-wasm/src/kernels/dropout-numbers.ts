import { dropoutThreshold, type Key } from "@kindred/random";

/** Dropout as kernels take it: 1/(1 − rate), the least word that is kept, and the key; four zeros for none. */
export function dropoutNumbers(
  dropout: { readonly rate: number; readonly key: Key } | undefined,
): [kept: number, threshold: number, key0: number, key1: number] {
  if (dropout === undefined) return [0, 0, 0, 0];
  return [1 / (1 - dropout.rate), dropoutThreshold(dropout.rate), dropout.key[0], dropout.key[1]];
}
