import { knownLoss, type Loss } from "@kindred/loss";
import { multiply, scale, subtract, sum } from "@kindred/nn";
import type { Float } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import { cosines } from "./distances.ts";

/**
 * The mean squared difference between a pair's cosine and its score, which should lie between −1 and 1.
 *
 *     loss = Σ_i (cosᵢ − scoreᵢ)² / B
 *
 * A loss over rows. As sentence-transformers' `CosineSimilarityLoss`; its loss function is the squared error always.
 *
 * @see Reimers, Gurevych (2019), Sentence-BERT, section 3, "regression objective function".
 *
 * @example
 * ```ts
 * import { lossShare } from "@kindred/loss";
 * import { cosineSimilarity } from "@kindred/pair-losses";
 * import { cpu } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * const columns = [tf.tensor2d([[1, 0], [1, 0]]), tf.tensor2d([[1, 0], [0, 1]])]; // cosines 1 and 0
 * lossShare(cosineSimilarity(), columns, { scores: Float32Array.of(0.5, 0) }).dataSync(); // => [0.125]
 * ```
 */
export function cosineSimilarity(): Loss {
  return knownLoss({
    name: "cosine-similarity",
    options: {},
    over: "rows",
    needs: { texts: { least: 2, most: 2 }, scores: "row" },
    value: ([first, second], { scores, totalRows }) => {
      // `!`: it takes two columns
      const missing: Float<"batch"> = subtract(cosines(first!, second!), tf.tensor1d(scores));
      return scale(sum(multiply(missing, missing)), 1 / totalRows);
    },
  });
}
