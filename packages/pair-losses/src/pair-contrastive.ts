import { type Distance, knownLoss, type Loss, lossOptions, rowDistances } from "@kindred/loss";
import { add, multiply, relu, scale, shift, sum } from "@kindred/nn";
import type { Float } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import * as v from "valibot";

/** Every choice in {@link pairContrastive}. */
export type PairContrastiveOptions = {
  /** Default "cosine". */
  readonly distance?: Distance;
  /** How far apart texts that do not match should be. Default 0.5. */
  readonly margin?: number;
};

const rules = v.strictObject({
  distance: v.optional(v.picklist(["cosine", "euclidean", "manhattan"]), "cosine"),
  margin: v.optional(v.pipe(v.number(), v.minValue(0), v.finite()), 0.5),
});

/**
 * The contrastive loss of labelled pairs: texts that match (label 1) should be near, those that don't (label 0) a margin apart.
 *
 *     loss = Σ_i (labelᵢ · dᵢ² + (1 − labelᵢ) · max(0, margin − dᵢ)²) / 2B        with d the distance of pair i
 *
 * Each pair stands for itself: a loss over rows. For pairs without labels, where all other rows are wrong answers, there is
 * `contrastive` of `@kindred/contrastive-loss`.
 *
 * As sentence-transformers' `ContrastiveLoss`, which adds 10⁻⁶ to every difference before a Euclidean or Manhattan distance; labels other
 * than 0 and 1 are refused here.
 *
 * @throws ConfigError for an option out of range
 * @see Hadsell, Chopra, LeCun (2006), Dimensionality reduction by learning an invariant mapping, equation 4.
 *
 * @example
 * ```ts
 * import { lossShare } from "@kindred/loss";
 * import { pairContrastive } from "@kindred/pair-losses";
 * import { cpu } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * const columns = [tf.tensor2d([[1, 0], [1, 0]]), tf.tensor2d([[0, 1], [4, 3]])]; // distances 1 and 0.2
 * lossShare(pairContrastive(), columns, { labels: Int32Array.of(1, 0) }).dataSync(); // => [0.2725]
 * ```
 */
export function pairContrastive(given: PairContrastiveOptions = {}): Loss {
  const options = lossOptions("pair-contrastive", rules, given);
  const { distance, margin } = options;
  return knownLoss({
    name: "pair-contrastive",
    options,
    over: "rows",
    needs: { texts: { least: 2, most: 2 }, labels: "binary" },
    value: ([first, second], { labels, totalRows }) => {
      const far = rowDistances(first!, second!, distance); // `!`: it takes two columns
      const missing = relu(shift(scale(far, -1), margin));
      const isMatch: Float<"batch"> = tf.tensor1d(Float32Array.from(labels));
      const isNone: Float<"batch"> = tf.tensor1d(Float32Array.from(labels, (label) => 1 - label));
      const squares = add(multiply(isMatch, multiply(far, far)), multiply(isNone, multiply(missing, missing)));
      return scale(sum(squares), 1 / (2 * totalRows));
    },
  });
}
