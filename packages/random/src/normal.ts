import { ConfigError } from "@kindred/errors";
import type { Key } from "./key.ts";
import { normalQuantile } from "./normal-quantile.ts";
import { arrayFromWords } from "./array-from-words.ts";

/** Which normal distribution. */
export type NormalOptions = {
  /** The centre. Default 0. */
  readonly mean?: number;
  /** The spread; 0 gives the mean everywhere. Default 1. */
  readonly standardDeviation?: number;
};

/**
 * `count` float32 numbers from a normal distribution.
 *
 * Element i is mean + standardDeviation·Φ⁻¹((w + ½)/2³²), w the key's i-th 32-bit word: it depends on i only, and is
 * equal to the last bit in every JavaScript engine. A word has 2³² values, so nothing lies further out than 6.34
 * standard deviations, where 2⁻³² of the distribution lies.
 *
 * @throws ConfigError if count is not an integer of at least 0, or mean or standard deviation not finite or the latter
 *   below 0
 *
 * @example
 * ```ts
 * import { keyFromSeed, normal } from "@kindred/random";
 *
 * normal(keyFromSeed(42), 3, { standardDeviation: 0.02 }); // => [-0.004229, -0.035302, -0.024865]
 * ```
 */
export function normal(key: Key, count: number, { mean = 0, standardDeviation = 1 }: NormalOptions = {}): Float32Array {
  if (!Number.isFinite(mean) || !(standardDeviation >= 0 && standardDeviation < Infinity)) {
    throw new ConfigError(
      `normal: no such distribution. Got mean ${mean} and standard deviation ${standardDeviation}, expected finite numbers, the second at least 0.`,
      { mean, standardDeviation },
    );
  }
  return arrayFromWords(
    "normal",
    key,
    count,
    (word) => mean + standardDeviation * normalQuantile((word + 0.5) * 2 ** -32),
  );
}
