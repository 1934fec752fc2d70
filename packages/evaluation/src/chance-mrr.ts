/**
 * The MRR@k that a random order is expected to have, with one right answer among n candidates: what a useful model must
 * beat.
 *
 *     (1 + 1/2 + … + 1/min(k, n)) / n
 *
 * for the right answer is at each rank with chance 1/n. The chance level of accuracy, 1-of-100 for instance, is 1/n.
 *
 * @param n how many candidates, at least 1
 *
 * @example
 * ```ts
 * import { chanceMrr } from "@kindred/evaluation";
 *
 * chanceMrr(500); // => 0.005858
 * ```
 */
export function chanceMrr(
  n: number,
  { k = 10 }: { /** Where MRR is cut. Default 10. */ readonly k?: number } = {},
): number {
  let sum = 0;
  for (let rank = 1; rank <= Math.min(k, n); rank++) sum += 1 / rank;
  return sum / n;
}
