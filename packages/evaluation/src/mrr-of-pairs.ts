import type { ScoreMatrix } from "@kindred/vectors";
import { pairRanks, type RightOptions, type TieOptions } from "./pair-ranks.ts";

/** Where to cut, how to count a tie, and which candidates are right. */
export type MrrOptions = TieOptions &
  RightOptions & {
    /** A right answer below this rank counts nothing. Default 10. */
    readonly k?: number;
  };

/**
 * Mean reciprocal rank over a pool in which query i's right answer is candidate i, or those of `right`: 1 if all come first, near 0 if none
 * comes in the first k.
 *
 *     MRR@k = mean over i of (1/rankᵢ if rankᵢ ≤ k, else 0)
 *
 * Ranks as `pairRanks` gives them, ties and NaN included. No queries give NaN. Over several pools of one size, take the
 * mean.
 *
 * @throws ShapeError if there are fewer candidates than queries
 * @see Voorhees, "The TREC-8 question answering track report", 1999, section 3
 *
 * @example
 * ```ts
 * import { mrrOfPairs } from "@kindred/evaluation";
 * import { similarityMatrix } from "@kindred/vectors";
 *
 * const queries = { embeddings: Float32Array.of(1, 0, 0, 1), dimension: 2 };
 * const answers = { embeddings: Float32Array.of(1, 0, 1, 0.1), dimension: 2 };
 * mrrOfPairs(similarityMatrix(queries, answers)); // => 1
 * mrrOfPairs(similarityMatrix(answers, answers, { similarity: "dot" })); // => 0.75
 * ```
 */
export function mrrOfPairs(matrix: ScoreMatrix, { k = 10, ...options }: MrrOptions = {}): number {
  const ranks = pairRanks(matrix, options);
  return ranks.reduce((sum, rank) => sum + (rank <= k ? 1 / rank : 0), 0) / ranks.length;
}
