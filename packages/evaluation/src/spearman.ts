import { pearson } from "./pearson.ts";

/**
 * Spearman's rank correlation: 1 when the two lists order things alike, −1 when the other way round, near 0 when
 * unrelated.
 *
 * Pearson's correlation of the ranks, equal numbers sharing the average of their ranks. NaN if a list is constant, is
 * shorter than 2 or holds NaN, as SciPy's `spearmanr`. Unchanged by any rising function of either list.
 *
 * @throws ShapeError if the lists have different lengths
 * @see Spearman, "The proof and measurement of association between two things", American Journal of Psychology 15, 1904
 *
 * @example
 * ```ts
 * import { spearman } from "@kindred/evaluation";
 *
 * spearman([1, 2, 3, 4], [1, 8, 27, 64]); // => 1.0
 * spearman([1, 2, 3, 4], [0, 0, 1, 1]); // => 0.8944
 * ```
 */
export function spearman(x: ArrayLike<number>, y: ArrayLike<number>): number {
  return pearson(averageRanks(x), averageRanks(y));
}

/**
 * The rank of each number among all, from 1 for the smallest; equal numbers share the average of their ranks. A NaN
 * makes every rank NaN.
 */
export function averageRanks(values: ArrayLike<number>): Float64Array {
  const numbers = Float64Array.from(values);
  if (numbers.some(Number.isNaN)) return numbers.fill(NaN);
  // `!` here and below: every place in the order is one of the numbers.
  const order = Uint32Array.from(numbers.keys()).sort((i, j) => numbers[i]! - numbers[j]! || 0);
  const ranks = new Float64Array(numbers.length);
  for (let from = 0; from < order.length; ) {
    let to = from + 1;
    while (to < order.length && numbers[order[to]!] === numbers[order[from]!]) to += 1;
    // Places from … to − 1, counted from 0, are ranks from + 1 … to.
    for (const index of order.subarray(from, to)) ranks[index] = (from + 1 + to) / 2;
    from = to;
  }
  return ranks;
}
