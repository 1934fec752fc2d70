import { bits53At, expectIndex } from "./bits-at.ts";
import type { Key } from "./key.ts";

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
