import { ConfigError } from "@kindred/errors";
import type { Key } from "./key.ts";
import { threefry2x32 } from "./threefry.ts";

/** Where an element stands, whatever batch, chunk, shard or padding it is computed in. */
export type DropoutPlace = {
  /** The sentence's number in the global batch, below 2³². */
  readonly row: number;
  /** The token's position in its sentence, from 0, below 65,536. */
  readonly position: number;
  /** The element's number in the token's row of features, below 65,536. */
  readonly feature: number;
};

/**
 * The Threefry counter of one element under dropout: c0 = row, c1 = position·65,536 + feature.
 *
 * The one place where this is laid down; a kernel that computes it inline must agree with it. It names the element by
 * what it is and never by where it lies in a packed batch, so that chunks, shards and padding drop the same elements.
 * Nothing is checked: the caller sees to it that position and feature are below 65,536.
 *
 * @example
 * ```ts
 * import { dropoutCounter } from "@kindred/random";
 *
 * dropoutCounter(5, 2, 767); // => [5, 131839]
 * ```
 */
export function dropoutCounter(row: number, position: number, feature: number): [c0: number, c1: number] {
  return [row >>> 0, (position * 65536 + feature) >>> 0];
}

/**
 * The smallest first word that keeps an element: kept if and only if word ≥ threshold.
 *
 * ⌈rate·2³²⌉, at most 2³² − 1 so that it fits a word: the share dropped is the rate to within 2⁻³².
 *
 * @param rate the share to drop, in [0, 1)
 * @throws ConfigError if the rate is outside [0, 1)
 *
 * @example
 * ```ts
 * import { dropoutThreshold } from "@kindred/random";
 *
 * dropoutThreshold(0.25); // => 1073741824
 * ```
 */
export function dropoutThreshold(rate: number): number {
  if (!(rate >= 0 && rate < 1)) {
    throw new ConfigError(`dropoutThreshold: bad dropout rate. Got ${rate}, expected at least 0 and below 1.`, {
      rate,
    });
  }
  return Math.min(Math.ceil(rate * 2 ** 32), 2 ** 32 - 1);
}

/**
 * Whether dropout keeps an element: the definition that every kernel must agree with, one element at a time.
 *
 * The first word of the block at {@link dropoutCounter} ≥ rate·2³². A kept element is then scaled by 1/(1 − rate).
 *
 * @param key belongs to one use: a step, a column and a site in the model
 * @param rate the share to drop, in [0, 1)
 * @throws ConfigError if the rate is outside [0, 1)
 * @see Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov, "Dropout", JMLR 15, 2014, section 4
 *
 * @example
 * ```ts
 * import { childKey, dropoutKeep, keyFromSeed } from "@kindred/random";
 *
 * const key = childKey(keyFromSeed(42), "step", 3, "column", 0, "embeddings");
 * dropoutKeep(key, 0.1, { row: 0, position: 0, feature: 0 }); // => true
 * ```
 */
export function dropoutKeep(key: Key, rate: number, { row, position, feature }: DropoutPlace): boolean {
  const [c0, c1] = dropoutCounter(row, position, feature);
  return threefry2x32(key, c0, c1)[0] >= dropoutThreshold(rate);
}
