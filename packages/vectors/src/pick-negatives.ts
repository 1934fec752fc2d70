import type { RankedRow } from "./top-rows.ts";

/** Which candidates are taken as negatives of a query. Names and rules as in sentence-transformers. */
export type NegativeRules = {
  /** How many are wanted. */
  readonly count: number;
  /** So many of the best that are left are passed over: they may be right answers that nobody marked. Default 0. */
  readonly rangeMin?: number | undefined;
  /** No candidate beyond this place among those that are left. Default: all. */
  readonly rangeMax?: number | undefined;
  /** The largest score. Default: any. */
  readonly maxScore?: number | undefined;
  /** The smallest score. Default: any. */
  readonly minScore?: number | undefined;
  /** A negative's score is at least so much below the positive's. Default: no such rule. */
  readonly absoluteMargin?: number | undefined;
  /** … or at least this part of the positive's magnitude below it: 0.05 of a positive of 0.8 is 0.04. Default: no such rule. */
  readonly relativeMargin?: number | undefined;
  /** Given, the negatives are drawn among those in the range, by whole numbers from 0 to below the bound. Default: the best are taken. */
  readonly draw?: ((bound: number) => number) | undefined;
};

/** The rules by which a candidate can be passed over, in the order in which they are asked. */
export const negativeRules = ["absoluteMargin", "relativeMargin", "maxScore", "minScore"] as const;

/** What was taken, best first, and how many candidates each rule has passed over. */
export type PickedNegatives = {
  readonly negatives: readonly RankedRow[];
  readonly passedOver: { readonly [rule in (typeof negativeRules)[number]]: number };
};

/**
 * The hard negatives of a query among its nearest candidates, of which no right answer is one.
 *
 * With t the positive's score (of several the least), a candidate of score s is passed over if s + absoluteMargin > t, if
 * s > t − |t| · relativeMargin, if s > maxScore or if s < minScore. Of those left the places rangeMin up to rangeMax count.
 *
 * @param candidates best first
 * @param positiveScore the least score of the query's right answers
 * @see sentence-transformers 6.2, `mine_hard_negatives`; Moreira et al. (2024), NV-Retriever
 *
 * @example
 * ```ts
 * import { pickNegatives } from "@kindred/vectors";
 *
 * const candidates = [0.9, 0.7, 0.5, 0.4].map((score, row) => ({ row, score }));
 * const { negatives, passedOver } = pickNegatives(candidates, 0.8, { count: 2, absoluteMargin: 0.05 });
 * negatives.map(({ row }) => row); // => [1, 2]
 * passedOver.absoluteMargin; // => 1
 * ```
 */
export function pickNegatives(
  candidates: readonly RankedRow[],
  positiveScore: number,
  rules: NegativeRules,
): PickedNegatives {
  const { count, rangeMin = 0, rangeMax = candidates.length, draw } = rules;
  const { maxScore = Infinity, minScore = -Infinity, absoluteMargin = -Infinity, relativeMargin } = rules;
  const relative = relativeMargin === undefined ? Infinity : positiveScore - Math.abs(positiveScore) * relativeMargin;
  const passedOver = { absoluteMargin: 0, relativeMargin: 0, maxScore: 0, minScore: 0 };
  const left: RankedRow[] = [];
  for (const candidate of candidates) {
    const { score } = candidate;
    if (score + absoluteMargin > positiveScore) passedOver.absoluteMargin++;
    else if (score > relative) passedOver.relativeMargin++;
    else if (score > maxScore) passedOver.maxScore++;
    else if (score < minScore) passedOver.minScore++;
    else left.push(candidate);
  }
  const range = left.slice(rangeMin, rangeMax);
  if (draw === undefined || range.length <= count) return { negatives: range.slice(0, count), passedOver };
  // The first places of a shuffle.
  const places = range.map((_, place) => place);
  for (let i = 0; i < count; i++) {
    const other = i + draw(places.length - i);
    [places[i], places[other]] = [places[other] ?? i, places[i] ?? other]; // both are below the length
  }
  const chosen = places.slice(0, count).sort((a, b) => a - b);
  return { negatives: chosen.flatMap((place) => range[place] ?? []), passedOver };
}
