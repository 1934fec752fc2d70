import { type Distance, knownLoss, type Loss, lossOptions, rowDistances } from "@kindred/loss";
import { relu, scale, shift, subtract, sum } from "@kindred/nn";
import * as v from "valibot";

/** Every choice in {@link triplet}. */
export type TripletOptions = {
  /** Default "euclidean". */
  readonly distance?: Distance;
  /** How much farther the negative should be than the positive. Default 5, for Euclidean distances of vectors of any length. */
  readonly margin?: number;
};

const rules = v.strictObject({
  distance: v.optional(v.picklist(["cosine", "euclidean", "manhattan"]), "euclidean"),
  margin: v.optional(v.pipe(v.number(), v.minValue(0), v.finite()), 5),
});

/**
 * The triplet loss: an anchor should be nearer to its positive than to its negative, by a margin.
 *
 *     loss = Σ_i max(0, distance(anchorᵢ, positiveᵢ) − distance(anchorᵢ, negativeᵢ) + margin) / B
 *
 * Distances: "cosine" 1 − cosine, "euclidean" the length of the difference, "manhattan" the sum of its absolute numbers. Of vectors at
 * length 1 no Euclidean distance is above 2, so a margin of 5 is never kept and every triplet counts: a margin below 1 is of use there. A
 * loss over rows.
 *
 * As sentence-transformers' `TripletLoss`. The gradient of a distance of 0 is 0.
 *
 * @throws ConfigError for an option out of range
 * @see Schroff, Kalenichenko, Philbin (2015), FaceNet, equation 2; Reimers, Gurevych (2019), Sentence-BERT, section 3.
 *
 * @example
 * ```ts
 * import { lossShare } from "@kindred/loss";
 * import { triplet } from "@kindred/pair-losses";
 * import { cpu } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * const columns = [[[0, 0]], [[3, 4]], [[6, 8]]].map((rows) => tf.tensor2d(rows)); // 5 and 10 from the anchor
 * lossShare(triplet(), columns).dataSync(); // => [0]
 * lossShare(triplet({ distance: "manhattan", margin: 8 }), columns).dataSync(); // => [1]
 * ```
 */
export function triplet(given: TripletOptions = {}): Loss {
  const options = lossOptions("triplet", rules, given);
  const { distance, margin } = options;
  return knownLoss({
    name: "triplet",
    options,
    over: "rows",
    needs: { texts: { least: 3, most: 3 } },
    value: ([anchor, positive, negative], { totalRows }) => {
      const far = (other: typeof anchor) => rowDistances(anchor!, other!, distance); // `!`: it takes three columns
      return scale(sum(relu(shift(subtract(far(positive), far(negative)), margin))), 1 / totalRows);
    },
  });
}
