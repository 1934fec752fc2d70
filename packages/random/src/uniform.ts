import type { Key } from "./key.ts";
import { arrayFromWords } from "./array-from-words.ts";

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
