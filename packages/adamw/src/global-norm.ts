import { sumOfSquaresOp } from "@kindred/nn";
import type { Float } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";

/**
 * The Euclidean norm of all arrays taken as one long vector, √(Σ x²), as a tensor: nothing is read. No arrays have norm 0.
 *
 * A float32: above some 1.8e19 it is infinite, as a NaN or an infinity anywhere makes it NaN or infinite.
 *
 * @throws ShapeError if one is not float32.
 *
 * @example
 * ```ts
 * import { globalNorm } from "@kindred/adamw";
 * import { cpu } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * globalNorm([tf.tensor1d([2, 3]), tf.tensor1d([6])]).dataSync(); // => [7]
 * ```
 */
export function globalNorm(gradients: readonly Float[]): Float<""> {
  return tf.tidy(() => {
    const squares = gradients.map((x) => sumOfSquaresOp({ x }, {}, {}));
    return tf.sqrt(squares.reduce((sum, square) => tf.add(sum, square), tf.scalar(0)));
  });
}

/**
 * What gradients of this norm are multiplied by so that it is at most `limit`: min(1, limit / (norm + 1e-6)); not finite where the norm
 * is not, so that `adamwOp` lets everything stand.
 *
 * The 1e-6 is PyTorch's `clip_grad_norm_`.
 *
 * @see Pascanu, Mikolov, Bengio (2013), On the difficulty of training recurrent neural networks, algorithm 1.
 *
 * @example
 * ```ts
 * import { clipFactor, globalNorm } from "@kindred/adamw";
 * import { cpu } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * clipFactor(globalNorm([tf.tensor1d([3, 4])]), 1).dataSync(); // => [0.20]
 * ```
 */
export function clipFactor(norm: Float<"">, limit: number): Float<""> {
  return tf.tidy(() => {
    const factor =
      limit === Number.POSITIVE_INFINITY ? tf.onesLike(norm) : tf.minimum(1, tf.div(limit, tf.add(norm, 1e-6)));
    return tf.where(tf.isFinite(norm), factor, tf.fill([], Number.NaN));
  });
}
