import { ShapeError } from "@kindred/errors";

/** How well scores tell matches from others. A threshold is the lowest score that is taken for a match. */
export type PairClassification = {
  /** Average precision: needs no threshold. */
  readonly averagePrecision: number;
  /** The largest share of pairs that one threshold gets right. */
  readonly accuracy: number;
  readonly accuracyThreshold: number;
  /** The largest F1 that one threshold reaches, 2·precision·recall / (precision + recall). */
  readonly f1: number;
  readonly f1Threshold: number;
};

/**
 * How well scores tell pairs that match from pairs that do not.
 *
 *     average precision = Σ over different scores, from the highest, of (recallₖ − recallₖ₋₁) · precisionₖ
 *
 * where precisionₖ and recallₖ take all pairs with at least the k-th score for matches: equal scores go together, so that a model to which
 * all pairs are alike gets the share of matches and no more. As `average_precision_score` of scikit-learn, which sentence-transformers'
 * BinaryClassificationEvaluator calls; its accuracy and F1 may also cut between equal scores, these do not. NaN comes last. Without a match, or
 * without a pair, all is NaN.
 *
 * @param isMatch whether the pair is one, for each score
 * @throws ShapeError if there are not as many scores
 * @see Manning, Raghavan, Schütze, "Introduction to information retrieval", 2008, section 8.4
 *
 * @example
 * ```ts
 * import { pairClassification } from "@kindred/evaluation";
 *
 * const { averagePrecision, accuracy, f1Threshold } = pairClassification([0.9, 0.8, 0.7, 0.1], [true, false, true, false]);
 * averagePrecision; // => 0.8333
 * accuracy; // => 0.75
 * f1Threshold; // => 0.7
 * ```
 */
export function pairClassification(scores: ArrayLike<number>, isMatch: readonly boolean[]): PairClassification {
  if (scores.length !== isMatch.length)
    throw new ShapeError(
      `pairClassification: not one score a pair. Got ${scores.length} scores for ${isMatch.length} pairs.`,
    );
  const worth = (score: number) => (Number.isNaN(score) ? Number.NEGATIVE_INFINITY : score);
  const pairs = isMatch.map((match, i) => ({ match, score: worth(scores[i] ?? Number.NaN) }));
  pairs.sort((a, b) => (a.score < b.score ? 1 : a.score > b.score ? -1 : 0));
  const matches = pairs.filter(({ match }) => match).length;
  if (matches === 0) {
    const none = Number.NaN;
    return { averagePrecision: none, accuracy: none, accuracyThreshold: none, f1: none, f1Threshold: none };
  }
  // Nothing taken for a match: all others are right.
  let best = { accuracy: (pairs.length - matches) / pairs.length, accuracyThreshold: Number.POSITIVE_INFINITY };
  let bestF1 = { f1: 0, f1Threshold: Number.POSITIVE_INFINITY };
  let [found, averagePrecision, recallBefore] = [0, 0, 0];
  for (const [i, { match, score }] of pairs.entries()) {
    found += Number(match);
    if (pairs[i + 1]?.score === score) continue; // a threshold takes all equal ones
    const [taken, recall] = [i + 1, found / matches];
    averagePrecision += (recall - recallBefore) * (found / taken);
    recallBefore = recall;
    const accuracy = (found + (pairs.length - matches) - (taken - found)) / pairs.length;
    if (accuracy > best.accuracy) best = { accuracy, accuracyThreshold: score };
    const f1 = (2 * found) / (taken + matches);
    if (f1 > bestF1.f1) bestF1 = { f1, f1Threshold: score };
  }
  return { averagePrecision, ...best, ...bestF1 };
}
