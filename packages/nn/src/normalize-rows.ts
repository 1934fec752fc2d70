import type { Float } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";

/** Rows at mean 0 and variance 1, and 1/√(variance + epsilon) of each row, in plain tfjs ops. */
export function normalizeRows(
  x: Float<"tokens hidden">,
  epsilon: number,
): { readonly normalized: Float<"tokens hidden">; readonly inverseDeviation: Float<"tokens 1"> } {
  const centered = tf.sub(x, rowMeans(x));
  const inverseDeviation = tf.rsqrt(tf.add(rowMeans(tf.square(centered)), epsilon)) as Float<"tokens 1">;
  return { normalized: tf.mul(centered, inverseDeviation), inverseDeviation };
}

/** The mean of every row, in a column. */
export function rowMeans(x: Float<"tokens hidden">): Float<"tokens 1"> {
  return tf.mul(tf.sum(x, 1, true), 1 / x.shape[1]!);
}
