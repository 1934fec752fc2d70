import { ShapeError } from "@kindred/errors";
import type { ScoreMatrix } from "@kindred/vectors";

/** Who wins a tie: everybody else (`"pessimistic"`), or the candidate that comes first (`"id"`). */
export type TiePolicy = "pessimistic" | "id";

/** How to count a tie. */
export type TieOptions = {
  /** Default "pessimistic": a model that gives every text the same embedding gets nothing for it. */
  readonly ties?: TiePolicy;
};

/** Which candidates are right. */
export type RightOptions = {
  /** The right candidates of each query, by their numbers, one at least. Default: candidate i alone for query i. */
  readonly right?: readonly (readonly number[])[] | undefined;
};

/**
 * The rank of the right answer of every query: 1 is best. Where several are right, that of the best of them among the wrong ones.
 *
 * One more than the number of wrong candidates with a better score, and of those with an equal one: all with an equal
 * one when ties are pessimistic, those before the right one when they go by id. NaN is worse than any number, and a right
 * answer whose score is NaN comes last, so that a model that has diverged does not win.
 *
 * @param matrix without `right`, at least as many candidates as queries; more are further wrong answers
 * @throws ShapeError if there are fewer candidates than queries, or `right` names none, or one that is not there, for a query
 *
 * @example
 * ```ts
 * import { pairRanks } from "@kindred/evaluation";
 *
 * const matrix = { scores: Float64Array.of(0.9, 0.1, 0.9, 0.5, 0.5, 0.4), rows: 2, columns: 3 };
 * pairRanks(matrix); // => [2, 2]
 * pairRanks(matrix, { ties: "id" }); // => [1, 2]
 * pairRanks(matrix, { right: [[0, 2], [2]] }); // => [1, 3]
 * ```
 */
export function pairRanks(
  { scores, rows, columns }: ScoreMatrix,
  { ties = "pessimistic", right }: TieOptions & RightOptions = {},
): Uint32Array {
  const isNamed = (ofQuery: readonly number[]) =>
    ofQuery.length > 0 && ofQuery.every((place) => place >= 0 && place < columns);
  const isWhole = right === undefined ? columns >= rows : right.length === rows && right.every(isNamed);
  if (!isWhole || scores.length !== rows * columns) {
    throw new ShapeError(
      `pairRanks: no right answer for every query. Got ${rows} × ${columns} and ${scores.length} scores, expected at least as many candidates as queries${right === undefined ? "" : ", and for each query the numbers of its right ones"}.`,
      { rows, columns, scores: scores.length },
    );
  }
  return Uint32Array.from({ length: rows }, (_, i) => {
    const row = scores.subarray(i * columns, (i + 1) * columns);
    const rightOnes = right?.[i] ?? [i];
    const worth = (candidate: number) => (Number.isNaN(row[candidate]) ? -Infinity : (row[candidate] ?? -Infinity));
    const best = rightOnes.reduce((one, other) => (worth(other) > worth(one) ? other : one));
    const score = row[best] ?? Number.NaN;
    if (Number.isNaN(score)) return columns;
    let rank = 1;
    for (const [j, other] of row.entries()) {
      const isAbove = other > score || (other === score && (ties === "pessimistic" || j < best));
      if (isAbove && j !== best && !rightOnes.includes(j)) rank += 1;
    }
    return rank;
  });
}
