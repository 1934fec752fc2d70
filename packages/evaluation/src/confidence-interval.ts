/** The lowest and the highest value that fit what was seen. */
export type Interval = readonly [low: number, high: number];

/** The 97.5th percentile of the normal distribution: two-sided 95 %. */
const z = 1.959963984540054;

/**
 * Where the true mean of values from 0 to 1 lies, with 95 % confidence: of an accuracy (values 0 and 1), a reciprocal rank, a recall.
 *
 *     m ± z · √(s² / (n + z²))
 *
 * with m and s² the mean and variance of the values and of z²/2 ≈ 1.92 zeros and as many ones beside them, z = 1.96: for zeros and ones
 * that is Agresti and Coull's interval, which holds what it says for few values too, and is no point where all are equal. Of no value [0, 1].
 * The values are taken for independent: queries of one conversation tell less than they count.
 *
 * @see Agresti, Coull, "Approximate is better than 'exact' for interval estimation of binomial proportions", 1998
 *
 * @example
 * ```ts
 * import { meanInterval } from "@kindred/evaluation";
 *
 * meanInterval([1, 1, 1, 0]); // => [0.2891, 0.9659]
 * meanInterval(new Float64Array(100)); // => [0, 0.0444]
 * ```
 */
export function meanInterval(values: ArrayLike<number>): Interval {
  const all = Array.from(values);
  const count = all.length + z ** 2;
  const half = z ** 2 / 2;
  const mean = all.reduce((sum, value) => sum + value, half) / count;
  const variance = Math.max(0, all.reduce((sum, value) => sum + value ** 2, half) / count - mean ** 2);
  const reach = z * Math.sqrt(variance / count);
  return [Math.max(0, mean - reach), Math.min(1, mean + reach)];
}

/**
 * Where the true rank correlation lies, with 95 % confidence: tanh(atanh r ± z · √((1 + r²/2) / (n − 3))). Of three pairs or fewer [−1, 1].
 *
 * @param pairs how many pairs of numbers `correlation` was computed from
 * @see Bonett, Wright, "Sample size requirements for estimating Pearson, Kendall and Spearman correlations", 2000
 *
 * @example
 * ```ts
 * import { correlationInterval } from "@kindred/evaluation";
 *
 * correlationInterval(0.8, 1500); // => [0.7781, 0.8200]
 * ```
 */
export function correlationInterval(correlation: number, pairs: number): Interval {
  if (pairs <= 3) return [-1, 1];
  const reach = z * Math.sqrt((1 + correlation ** 2 / 2) / (pairs - 3));
  return [Math.tanh(Math.atanh(correlation) - reach), Math.tanh(Math.atanh(correlation) + reach)];
}

/**
 * Where the true average precision lies, with 95 % confidence: η ± z / √(n · p · (1 − p)) on the scale of η = ln(p / (1 − p)), with
 * p the average precision (at least half a match away from 0 and 1) and n the number of matches. Of no match [0, 1].
 *
 * @see Boyd, Eng, Page, "Area under the precision-recall curve: point estimates and confidence intervals", 2013, the logit interval
 *
 * @example
 * ```ts
 * import { precisionInterval } from "@kindred/evaluation";
 *
 * precisionInterval(0.9, 200); // => [0.8501, 0.9346]
 * ```
 */
export function precisionInterval(averagePrecision: number, matches: number): Interval {
  if (matches === 0) return [0, 1];
  const least = 0.5 / (matches + 1);
  const p = Math.min(1 - least, Math.max(least, averagePrecision));
  const [middle, reach] = [Math.log(p / (1 - p)), z / Math.sqrt(matches * p * (1 - p))];
  const share = (logit: number) => 1 / (1 + Math.exp(-logit));
  return [share(middle - reach), share(middle + reach)];
}
