import { ConfigError } from "@kindred/errors";
import type { Key } from "./key.ts";
import { threefryInto } from "./threefry.ts";

const block = new Uint32Array(2);

/**
 * Fills an array of `count` float32 elements from a key's 32-bit words: element i is `toFloat(word i)`, two words a
 * block.
 */
export function arrayFromWords(
  functionName: string,
  key: Key,
  count: number,
  toFloat: (word: number) => number,
): Float32Array {
  if (!Number.isSafeInteger(count) || count < 0) {
    throw new ConfigError(`${functionName}: bad count. Got ${count}, expected an integer of at least 0.`, { count });
  }
  const values = new Float32Array(count);
  for (let i = 0; i < count; i += 2) {
    const index = i / 2;
    threefryInto(block, key[0], key[1], index >>> 0, Math.floor(index / 2 ** 32));
    values[i] = toFloat(block[0]!);
    if (i + 1 < count) values[i + 1] = toFloat(block[1]!);
  }
  return values;
}
