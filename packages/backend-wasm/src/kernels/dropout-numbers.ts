import { dropoutThreshold } from "@kindred/random";

/** Dropout as kernels take it: 1/(1 − rate), the least word that is kept, and the key; four zeros for none. */
export function dropoutNumbers(
  rate: number | undefined,
  key: Uint32Array | undefined,
): [kept: number, threshold: number, key0: number, key1: number] {
  if (rate === undefined || key === undefined) return [0, 0, 0, 0];
  return [1 / (1 - rate), dropoutThreshold(rate), key[0]!, key[1]!];
}
