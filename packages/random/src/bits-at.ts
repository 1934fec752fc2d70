import { ConfigError } from "@kindred/errors";
import type { Key } from "./key.ts";
import { threefryInto } from "./threefry.ts";

const block = new Uint32Array(2);

/** The 53 random bits at `index` + `attempt`·2⁵³ of a key, as an integer below 2⁵³. */
export function bits53At(key: Key, index: number, attempt = 0): number {
  // An index below 2⁵³ leaves the upper 11 bits of its high word free for the attempt.
  threefryInto(block, key[0], key[1], index >>> 0, Math.floor(index / 2 ** 32) + attempt * 2 ** 21);
  return (block[0]! >>> 5) * 2 ** 26 + (block[1]! >>> 6);
}

/** Refuses an index that is not an integer in [0, 2⁵³). */
export function expectIndex(functionName: string, index: number): void {
  if (Number.isSafeInteger(index) && index >= 0) return;
  throw new ConfigError(`${functionName}: bad index. Got ${index}, expected an integer of at least 0, below 2^53.`, {
    index,
  });
}
