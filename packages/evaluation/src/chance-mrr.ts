/**
 * The MRR@k that a random order is expected to have, with one right answer among n candidates, or several: what a useful model must
 * beat.
 *
 *     (1 + 1/2 + … + 1/min(k, n)) / n
 *
 * with one, for it is at each rank with chance 1/n. Of several, r, the first is at rank p with chance
 * (n−r)/n · (n−r−1)/(n−1) · … · r/(n−p+1): p − 1 wrong ones, and then a right one. The chance level of accuracy, 1-of-100 for
 * instance, is r/n.
 *
 * @param n how many candidates, at least 1
 *
 * @example
 * ```ts
 * import { chanceMrr } from "@kindred/evaluation";
 *
 * chanceMrr(500); // => 0.005858
 * chanceMrr(3, { right: 2 }); // => 0.8333
 * ```
 */
export function chanceMrr(
  n: number,
  {
    k = 10,
    right = 1,
  }: {
    /** Where MRR is cut. Default 10. */
    readonly k?: number;
    /** How many candidates are right. Default 1. */
    readonly right?: number;
  } = {},
): number {
  let sum = 0;
  let noneBefore = 1;
  for (let rank = 1; rank <= Math.min(k, n - right + 1); rank++) {
    const left = n - rank + 1;
    sum += (noneBefore * (right / left)) / rank;
    noneBefore *= (left - right) / left;
  }
  return sum;
}
