import { absolute, l2Normalize, rowDot, scale, shift, subtract } from "@kindred/nn";
import type { Float } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";

/** How far two vectors are apart: 1 − their cosine, the length of their difference, or the sum of its absolute numbers. */
export type Distance = "cosine" | "euclidean" | "manhattan";

/**
 * The distance of each row of x from the same row of y; `mse` is the mean of the squares of their differences.
 *
 * Where rows are equal the gradient is 0: a Euclidean distance is 10⁻¹² there, as a root's own gradient at 0 is infinite.
 *
 * @example
 * ```ts
 * import { rowDistances } from "@kindred/loss";
 * import { cpu } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * const [x, y] = [tf.tensor2d([[3, 4]]), tf.tensor2d([[0, 0]])];
 * (["euclidean", "manhattan", "mse"] as const).map((distance) => rowDistances(x, y, distance).dataSync()[0]); // => [5.0, 7.0, 12.5]
 * ```
 */
export function rowDistances(
  x: Float<"batch hidden">,
  y: Float<"batch hidden">,
  distance: Distance | "mse",
): Float<"batch"> {
  if (distance === "cosine") return shift(scale(rowDot(l2Normalize(x), l2Normalize(y)), -1), 1);
  const difference = subtract(x, y);
  if (distance === "manhattan") return tf.sum(absolute(difference), 1);
  const squares = rowDot(difference, difference);
  return distance === "mse" ? scale(squares, 1 / (x.shape[1] ?? 1)) : tf.sqrt(tf.maximum(squares, 1e-24));
}
