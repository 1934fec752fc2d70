import { ConfigError } from "@kindred/errors";
import { integerAt } from "./integer-at.ts";
import type { Key } from "./key.ts";

/**
 * The numbers 0 … n − 1 in random order, every order equally likely as far as a 64-bit key can tell them apart.
 *
 * Fisher–Yates from the end: element i is swapped with element j ≤ i, j = `integerAt(key, i, i + 1)`, which has no
 * bias. n = 0 gives an empty array.
 *
 * @param n how many, below 2³²
 * @throws ConfigError if n is not such an integer
 * @see Durstenfeld, "Algorithm 235: random permutation", CACM 7(7), 1964
 *
 * @example
 * ```ts
 * import { keyFromSeed, permutation } from "@kindred/random";
 *
 * permutation(keyFromSeed(42), 5); // => [1, 4, 3, 2, 0]
 * ```
 */
export function permutation(key: Key, n: number): Uint32Array {
  if (!Number.isInteger(n) || n < 0 || n >= 2 ** 32) {
    throw new ConfigError(`permutation: bad size. Got ${n}, expected an integer of at least 0, below 2^32.`, { n });
  }
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = integerAt(key, i, i + 1);
    const swapped = order[i]!; // `!`, twice: j ≤ i < n
    order[i] = order[j]!;
    order[j] = swapped;
  }
  return order;
}
