/**
 * The index that a uniform number picks among weights: index i with probability weights[i] / Σ weights.
 *
 * Cuts [0, Σ weights) into one interval for each weight, in order. A weight of 0 is never picked.
 *
 * @param weights numbers from 0 up, one of them above 0
 * @param uniform in [0, 1)
 *
 * @example
 * ```ts
 * import { weightedDraw } from "@kindred/sampler";
 *
 * [0.1, 0.3, 0.9].map((uniform) => weightedDraw([1, 3], uniform)); // => [0, 1, 1]
 * ```
 */
export function weightedDraw(weights: readonly number[], uniform: number): number {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let left = uniform * total;
  let last = 0;
  for (const [index, weight] of weights.entries()) {
    if (weight === 0) continue;
    if (left < weight) return index;
    left -= weight;
    last = index;
  }
  // Rounding may leave a crumb beyond the last interval.
  return last;
}
