import { childKey } from "./child-key.ts";
import type { Key } from "./key.ts";

/** The first 64 bits of π's fraction: any fixed key would do, this one hides nothing. */
const ROOT: Key = [0x243f6a88, 0x85a308d3];

/**
 * The key of a whole run, made from what a user types as its seed.
 *
 * The seed is hashed (it is a child of one fixed key), so seeds 0, 1, 2, … are as unlike each other as any. The number
 * 7 and the text "7" are different seeds.
 *
 * @param seed a safe integer or any string
 * @throws ConfigError if a number is not a safe integer
 *
 * @example
 * ```ts
 * import { keyFromSeed } from "@kindred/random";
 *
 * keyFromSeed(42); // => [1268532500, 3803425926]
 * keyFromSeed("42"); // => [3013058501, 1074947377]
 * ```
 */
export function keyFromSeed(seed: number | string): Key {
  return childKey(ROOT, seed);
}
