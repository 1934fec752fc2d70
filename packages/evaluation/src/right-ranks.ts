import type { ScoreMatrix } from "@kindred/vectors";
import { pairRanks } from "./pair-ranks.ts";

/**
 * The ranks of all right answers of every query, best first, where `pairRanks` gives that of the best one.
 *
 * The j-th of a query's right answers, counted from 1, has rank j plus the number of wrong candidates with a score that is no lower: ties
 * count against the model. A right answer whose score is NaN comes last.
 *
 * @param right the right candidates of each query, by their numbers, each once, one at least
 * @throws ShapeError as `pairRanks`
 *
 * @example
 * ```ts
 * import { rightRanks } from "@kindred/evaluation";
 *
 * const matrix = { scores: Float64Array.of(0.9, 0.1, 0.9, 0.5, 0.5, 0.4), rows: 2, columns: 3 };
 * rightRanks(matrix, [[0, 1], [1]]); // => [[2, 3], [2]]
 * ```
 */
export function rightRanks(matrix: ScoreMatrix, right: readonly (readonly number[])[]): number[][] {
  const best = pairRanks(matrix, { right }); // it also looks at shapes
  const { scores, columns } = matrix;
  return right.map((answers, query) => {
    if (answers.length === 1) return [best[query] ?? columns];
    const row = scores.subarray(query * columns, (query + 1) * columns);
    const worth = (score: number) => (Number.isNaN(score) ? Number.NEGATIVE_INFINITY : score);
    const own = new Set(answers);
    const wrong = row.filter((_, candidate) => !own.has(candidate)).map(worth);
    return answers
      .map((answer) => row[answer] ?? Number.NaN)
      .sort((a, b) => worth(b) - worth(a) || 0) // −∞ − −∞ is NaN
      .map((score, j) => (Number.isNaN(score) ? columns : j + 1 + wrong.filter((other) => other >= score).length));
  });
}
