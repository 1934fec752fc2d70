import { ConfigError } from "@kindred/errors";
import type { Key } from "./key.ts";
import { threefryInto } from "./threefry.ts";

const block = new Uint32Array(2);

/**
 * `count` float32 numbers, uniform in [0, 1): multiples of 2⁻²⁴, of which float32 holds every one and the largest is
 * below 1.
 *
 * Element i depends on key and i only: a longer array begins with the shorter one.
 *
 * @throws ConfigError if count is not an integer of at least 0
 *
 * @example
 * ```ts
 * import { keyFromSeed, uniform } from "@kindred/random";
 *
 * uniform(keyFromSeed(42), 3); // => [0.416272, 0.038772, 0.106890]
 * ```
 */
export function uniform(key: Key, count: number): Float32Array {
  return arrayFromWords("uniform", key, count, (word) => (word >>> 8) * 2 ** -24);
}

/**
 * The number at one place of a key's stream: float64, uniform in [0, 1), a multiple of 2⁻⁵³.
 *
 * Depends on key and index only: ask in any order, on any thread, as often as you like. It is not element `index` of
 * `uniform`, which is cut for float32.
 *
 * @param index an integer in [0, 2⁵³)
 * @throws ConfigError if the index is not such an integer
 *
 * @example
 * ```ts
 * import { keyFromSeed, uniformAt } from "@kindred/random";
 *
 * uniformAt(keyFromSeed(42), 1_000_000); // => 0.682309321792
 * ```
 */
export function uniformAt(key: Key, index: number): number {
  expectIndex("uniformAt", index);
  return bits53At(key, index) * 2 ** -53;
}

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
    values[i] = toFloat(block[0]!); // `!`, twice: a block is two words
    if (i + 1 < count) values[i + 1] = toFloat(block[1]!);
  }
  return values;
}

/** The 53 random bits at `index` + `attempt`·2⁵³ of a key, as an integer below 2⁵³. */
export function bits53At(key: Key, index: number, attempt = 0): number {
  // An index below 2⁵³ leaves the upper 11 bits of its high word free for the attempt.
  threefryInto(block, key[0], key[1], index >>> 0, Math.floor(index / 2 ** 32) + attempt * 2 ** 21);
  return (block[0]! >>> 5) * 2 ** 26 + (block[1]! >>> 6); // `!`: a block is two words
}

/** Refuses an index that is not an integer in [0, 2⁵³). */
export function expectIndex(functionName: string, index: number): void {
  if (Number.isSafeInteger(index) && index >= 0) return;
  throw new ConfigError(`${functionName}: bad index. Got ${index}, expected an integer of at least 0, below 2^53.`, {
    index,
  });
}
