import { ConfigError } from "@kindred/errors";

/**
 * Weights for the tokens of a vocabulary whose first are the most frequent: smooth inverse frequency, where Zipf's law says how frequent.
 *
 *     p_r = (1 / (r + 2)) / Σ_s 1 / (s + 2),   weight_r = a / (a + p_r),   r = 0, 1, …
 *
 * @param count how many tokens
 * @param coefficient a. Above 0 and below 1; the larger it is, the less frequent words lose
 * @throws ConfigError for another count or coefficient
 * @see Arora, Liang, Ma, A simple but tough-to-beat baseline for sentence embeddings, ICLR 2017; model2vec 0.7, `distill/inference.py`
 *
 * @example
 * ```ts
 * import { sifWeights } from "@kindred/static-embeddings";
 *
 * sifWeights(3, 0.1); // => [0.178082, 0.245283, 0.302326]
 * ```
 */
export function sifWeights(count: number, coefficient: number): Float64Array {
  if (!Number.isInteger(count) || count < 1)
    throw new ConfigError(`sifWeights: no such count. Got ${count}, expected a whole number from 1.`, { count });
  if (!(coefficient > 0 && coefficient < 1))
    throw new ConfigError(`sifWeights: no such coefficient. Got ${coefficient}, expected a number between 0 and 1.`, {
      coefficient,
    });
  const inverseRanks = Float64Array.from({ length: count }, (_, rank) => 1 / (rank + 2));
  const sum = inverseRanks.reduce((total, inverse) => total + inverse, 0);
  return inverseRanks.map((inverse) => coefficient / (coefficient + inverse / sum));
}
