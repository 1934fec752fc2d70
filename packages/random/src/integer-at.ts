import { ConfigError } from "@kindred/errors";
import { bits53At, expectIndex } from "./uniform.ts";
import type { Key } from "./key.ts";

/**
 * The integer at one place of a key's stream: each of 0 … bound − 1 equally likely, exactly.
 *
 * x mod bound for the first 53-bit draw x below the largest multiple of bound. Draws above it are thrown away and drawn
 * again at counters that belong to this index alone, so that the result still depends on key, index and bound only. A
 * draw is thrown away with chance below bound/2⁵³.
 *
 * @param index an integer in [0, 2⁵³)
 * @param bound an integer in [1, 2⁵³)
 * @throws ConfigError if index or bound is out of range
 * @see Lemire, "Fast random integer generation in an interval", ACM TOMACS 29(1), 2019, section 3 (the rejection of
 *   OpenBSD's arc4random_uniform)
 *
 * @example
 * ```ts
 * import { integerAt, keyFromSeed } from "@kindred/random";
 *
 * const key = keyFromSeed("dice");
 * [0, 1, 2, 3].map((index) => integerAt(key, index, 6) + 1); // => [5, 1, 1, 3]
 * ```
 */
export function integerAt(key: Key, index: number, bound: number): number {
  expectIndex("integerAt", index);
  if (!Number.isSafeInteger(bound) || bound < 1) {
    throw new ConfigError(`integerAt: bad bound. Got ${bound}, expected an integer of at least 1, below 2^53.`, {
      bound,
    });
  }
  const limit = 2 ** 53 - (2 ** 53 % bound);
  // More than half of all draws are below the limit, so the 2,048 attempts that the counter has room for run out with
  // chance below 2⁻²⁰⁴⁸.
  for (let attempt = 0; ; attempt++) {
    const draw = bits53At(key, index, attempt);
    if (draw < limit) return draw % bound;
  }
}
