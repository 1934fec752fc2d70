import { ConfigError } from "@kindred/errors";
import type { Key } from "./key.ts";
import { arrayFromWords } from "./uniform.ts";

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

/**
 * The point that a standard normal variable stays below with probability p: the inverse of Φ, within 1e-15 relative.
 *
 * Rational approximations of Wichura's, over q = p − ½ in the middle and over √(−ln(tail)) outside. For p in (e⁻²⁵, 1 −
 * e⁻²⁵) only: a 32-bit word never goes further out, so the third approximation is not here. Uses +, −, ×, ÷ and √
 * alone, which IEEE 754 rounds in one way: the result is the same to the last bit in every engine, as `Math.log` and
 * `Math.cos` need not be.
 *
 * @see Wichura, "Algorithm AS 241: the percentage points of the normal distribution", Applied Statistics 37(3), 1988,
 *   PPND16
 */
export function normalQuantile(p: number): number {
  const q = p - 0.5;
  if (Math.abs(q) <= 0.425) {
    const r = 0.180625 - q * q;
    return (q * polynomial(MIDDLE_OVER, r)) / polynomial(MIDDLE_UNDER, r);
  }
  const r = Math.sqrt(-logarithm(q < 0 ? p : 1 - p)) - 1.6;
  const distance = polynomial(TAIL_OVER, r) / polynomial(TAIL_UNDER, r);
  return q < 0 ? -distance : distance;
}

/** ln x for 0 < x ≤ 1, within 4e-16 relative: x = m·2^e, ln m = 2 artanh((m − 1)/(m + 1)). */
function logarithm(x: number): number {
  let exponent = 0;
  for (; x < Math.SQRT1_2; x *= 2) exponent -= 1;
  const s = (x - 1) / (x + 1);
  // |s| ≤ 0.1716, so the first term left out, 2·s²⁵/25, is below 6e-21.
  let sum = 0;
  for (let k = 23; k >= 1; k -= 2) sum = sum * s * s + 1 / k;
  return exponent * Math.LN2 + 2 * s * sum;
}

function polynomial(coefficients: readonly number[], x: number): number {
  let sum = 0;
  for (let i = coefficients.length - 1; i >= 0; i--) sum = sum * x + coefficients[i]!; // `!`: from the last to the first
  return sum;
}

// Wichura's a, b, c and d, from the constant term up, as the nearest float64.
const MIDDLE_OVER = [
  3.3871328727963665, 133.14166789178438, 1971.5909503065513, 13731.69376550946, 45921.95393154987, 67265.7709270087,
  33430.57558358813, 2509.0809287301227,
];
const MIDDLE_UNDER = [
  1, 42.31333070160091, 687.1870074920579, 5394.196021424751, 21213.794301586597, 39307.89580009271, 28729.085735721943,
  5226.495278852854,
];
const TAIL_OVER = [
  1.4234371107496835, 4.630337846156546, 5.769497221460691, 3.6478483247632045, 1.2704582524523684, 0.2417807251774506,
  0.022723844989269184, 0.0007745450142783414,
];
const TAIL_UNDER = [
  1, 2.053191626637759, 1.6763848301838038, 0.6897673349851, 0.14810397642748008, 0.015198666563616457,
  0.0005475938084995345, 1.0507500716444169e-9,
];
