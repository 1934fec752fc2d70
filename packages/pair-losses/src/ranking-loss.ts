import { logSumExp, sum } from "@kindred/nn";
import type { Float } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";

/** What takes a pair of rows out of the sum: its exponential is 0. */
const leftOut = -1e30;

/**
 * log(1 + Σ exp(sᵢ − sⱼ)) over all pairs of rows (i, j) of which i has the lower score: how far similarities s are from the scores' order.
 *
 * Which pairs count is computed, not looked up, so that the ops are the same for all scores.
 */
export function rankingLoss(similarities: Float<"batch">, scores: Float32Array): Float<""> {
  const gold = tf.tensor1d(scores);
  const isLower = tf.less(tf.expandDims(gold, 1), tf.expandDims(gold, 0));
  const excess: tf.Tensor2D = tf.sub(tf.expandDims(similarities, 1), tf.expandDims(similarities, 0));
  const ofRows: Float = logSumExp(tf.where(isLower, excess, tf.fill(excess.shape, leftOut)));
  return sum(logSumExp(tf.reshape(tf.concat([tf.zeros([1]), ofRows]), [1, 1 + scores.length])));
}
