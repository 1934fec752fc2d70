import { ShapeError } from "@kindred/errors";
import type { ScoreMatrix } from "@kindred/vectors";

/** Who wins a tie: everybody else (`"pessimistic"`), or the candidate that comes first (`"id"`). */
export type TiePolicy = "pessimistic" | "id";

/** How to count a tie. */
export type TieOptions = {
  /** Default "pessimistic": a model that gives every text the same embedding gets nothing for it. */
  readonly ties?: TiePolicy;
};

/**
 * The rank of the right answer of every query, where query i's right answer is candidate i: 1 is best.
 *
 * One more than the number of candidates with a better score, and of those with an equal one: all others with an equal
 * one when ties are pessimistic, those before candidate i when they go by id. NaN is worse than any number, and a right
 * answer whose score is NaN comes last, so that a model that has diverged does not win.
 *
 * @param matrix at least as many candidates as queries; more are further wrong answers
 * @throws ShapeError if there are fewer candidates than queries
 *
 * @example
 * ```ts
 * import { pairRanks } from "@kindred/evaluation";
 *
 * const matrix = { scores: Float64Array.of(0.9, 0.1, 0.9, 0.5, 0.5, 0.4), rows: 2, columns: 3 };
 * pairRanks(matrix); // => [2, 2]
 * pairRanks(matrix, { ties: "id" }); // => [1, 2]
 * ```
 */
export function pairRanks(
  { scores, rows, columns }: ScoreMatrix,
  { ties = "pessimistic" }: TieOptions = {},
): Uint32Array {
  if (columns < rows || scores.length !== rows * columns) {
    throw new ShapeError(
      `pairRanks: no right answer for every query. Got ${rows} × ${columns} and ${scores.length} scores, expected at least as many candidates as queries.`,
      { rows, columns, scores: scores.length },
    );
  }
  return Uint32Array.from({ length: rows }, (_, i) => {
    const row = scores.subarray(i * columns, (i + 1) * columns);
    const right = row[i] ?? Number.NaN;
    if (Number.isNaN(right)) return columns;
    let rank = 1;
    for (const [j, score] of row.entries()) {
      if (score > right || (score === right && j !== i && (ties === "pessimistic" || j < i))) rank += 1;
    }
    return rank;
  });
}
