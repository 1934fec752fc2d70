import { type Distance, knownLoss, type Loss, lossOptions, rowDistances } from "@kindred/loss";
import { add, multiply, relu, scale, select, shift, stopGradient, sum } from "@kindred/nn";
import type { Float } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import * as v from "valibot";

/** Every choice in {@link onlineContrastive}. */
export type OnlineContrastiveOptions = {
  /** Default "cosine". */
  readonly distance?: Distance;
  /** How far apart texts that do not match should be. Default 0.5. */
  readonly margin?: number;
  /** "sum": over the hard pairs, as published code has it. "mean": that, divided by the rows of the batch. Default "sum". */
  readonly reduction?: "sum" | "mean";
};

const rules = v.strictObject({
  distance: v.optional(v.picklist(["cosine", "euclidean", "manhattan"]), "cosine"),
  margin: v.optional(v.pipe(v.number(), v.minValue(0), v.finite()), 0.5),
  reduction: v.optional(v.picklist(["sum", "mean"]), "sum"),
});

/**
 * The contrastive loss of the hard pairs of a batch alone: matches that are farther apart than some pair that is none, and pairs that are
 * none nearer than some match.
 *
 *     loss = Σ_i dᵢ²                       over label 1, where dᵢ > the least distance of a pair of label 0
 *          + Σ_j max(0, margin − dⱼ)²      over label 0, where dⱼ < the largest distance of a pair of label 1
 *
 * In a batch without pairs of the other label those count that are beyond the mean of their own. The choice of pairs has no gradient. It
 * needs the distances of all rows: a loss over the batch. Unlike other losses it is a sum, which grows with the batch, unless `reduction`
 * is "mean".
 *
 * As sentence-transformers' `OnlineContrastiveLoss`, which takes the mean also where the other label has one pair alone; labels other than 0
 * and 1 are refused here.
 *
 * @throws ConfigError for an option out of range
 * @see sentence-transformers, `OnlineContrastiveLoss`; Hadsell, Chopra, LeCun (2006), Dimensionality reduction by learning an invariant
 * mapping, equation 4.
 *
 * @example
 * ```ts
 * import { lossShare } from "@kindred/loss";
 * import { onlineContrastive } from "@kindred/pair-losses";
 * import { cpu } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * const first = tf.tensor2d([[1, 0], [1, 0], [1, 0]]);
 * const second = tf.tensor2d([[1, 0], [0, 1], [4, 3]]); // distances 0, 1 and 0.2: the first match is near enough
 * lossShare(onlineContrastive(), [first, second], { labels: Int32Array.of(1, 1, 0) }).dataSync(); // => [1.09]
 * ```
 */
export function onlineContrastive(given: OnlineContrastiveOptions = {}): Loss {
  const options = lossOptions("online-contrastive", rules, given);
  const { distance, margin, reduction } = options;
  return knownLoss({
    name: "online-contrastive",
    options,
    over: "batch",
    needs: { texts: { least: 2, most: 2 }, labels: "binary" },
    value: ([first, second], { labels, totalRows }) => {
      const far = rowDistances(first!, second!, distance); // `!`: it takes two columns
      const matches = Uint8Array.from(labels, (label) => (label === 1 ? 1 : 0));
      const others = Uint8Array.from(labels, (label) => (label === 0 ? 1 : 0));
      const known = stopGradient(far);
      const near = scale(known, -1);
      // A pair is hard beyond the extreme of the other label, or beyond the mean of its own where there is none.
      const hardOthers = tf.greater(near, scale(largest(known, matches, others), -1));
      const hardMatches = tf.greater(known, scale(largest(near, others, matches), -1));
      const missing = relu(shift(scale(far, -1), margin));
      const of = (squares: Float<"batch">, hard: tf.Tensor, mask: Uint8Array): Float<""> =>
        sum(multiply(squares, select(mask, tf.cast(hard, "float32"), tf.zerosLike(squares))));
      const total = add(
        of(multiply(far, far), hardMatches, matches),
        of(multiply(missing, missing), hardOthers, others),
      );
      return reduction === "mean" ? scale(total, 1 / totalRows) : total;
    },
  });
}

const count = (mask: Uint8Array): number => mask.reduce((total, chosen) => total + chosen, 0);

/** The largest of the chosen numbers; where none is chosen, what `instead` chooses, on the average. Which it is, is data. */
function largest(x: Float<"batch">, chosen: Uint8Array, instead: Uint8Array): Float<""> {
  const nothing: Float<"batch"> = tf.fill(x.shape, -1e30);
  const weights = Float32Array.from(instead, (is) => is / Math.max(1, count(instead)));
  const mean = sum(multiply(x, tf.tensor1d(weights)));
  return select(Uint8Array.of(count(chosen) > 0 ? 1 : 0), tf.max(select(chosen, x, nothing)), mean);
}
