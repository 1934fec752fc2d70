import { knownLoss, type Loss } from "@kindred/loss";
import { type ContrastiveOptions, contrastive } from "./contrastive.ts";

/**
 * The in-batch loss with both ends looking: the mean of each query finding its document and each positive finding its query. It is
 * {@link contrastive} with `direction` "symmetric", under a name of its own, and what the original trained pairs with.
 *
 *     loss = Σ_i (oneWay(i) + backward(i)) / 2B
 *
 * As sentence-transformers' `MultipleNegativesSymmetricRankingLoss`, which keeps equal texts.
 *
 * @throws ConfigError as {@link contrastive}
 * @see Radford et al. (2021), CLIP, figure 3.
 *
 * @example
 * ```ts
 * import { symmetric } from "@kindred/contrastive-loss";
 * import { lossShare } from "@kindred/loss";
 * import { cpu } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * const queries = tf.tensor2d([[1, 0], [0, 1]]);
 * const answers = tf.tensor2d([[1, 0], [1, 1]]);
 * lossShare(symmetric({ scale: 1, equalTexts: "keep" }), [queries, answers]).dataSync(); // => [0.4912]
 * ```
 */
export function symmetric(options: Omit<ContrastiveOptions, "direction" | "directions" | "partition"> = {}): Loss {
  return knownLoss({ ...contrastive({ ...options, direction: "symmetric" }), name: "symmetric" });
}
