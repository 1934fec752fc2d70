import type { Float } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";

/**
 * The bias of each pair of slots of a block: y[head, i, j] = bias[head, j − i + maxDistance], in plain tfjs ops.
 *
 * A Toeplitz matrix without a gather: rows of 2·length − 1 distances repeated `length` times and read again as rows of 2·length − 2
 * step one distance to the left from row to row. Distances that the table lacks are 0: no two tokens of a sentence are so far apart.
 *
 * @param length at least 2
 */
export function biasMatrix(bias: Float<"heads distances">, length: number): tf.Tensor3D {
  const [heads = 0] = bias.shape;
  const width = 2 * length - 1;
  const repeated = tf.mul(tf.reshape(fitDistances(bias, width), [heads, 1, width]), tf.ones([1, length, 1]));
  const shifted: tf.Tensor = tf.slice(
    tf.reshape(repeated, [heads, length * width]),
    [0, length - 1],
    [heads, length * (width - 1)],
  );
  return tf.slice<tf.Rank.R3, tf.Tensor3D>(
    tf.reshape(shifted, [heads, length, width - 1]),
    [0, 0, 0],
    [heads, length, length],
  );
}

/** The gradient of {@link biasMatrix}: the sums over the diagonals of dy [heads, length, length], one a distance. */
export function diagonalSums(dy: tf.Tensor3D, distances: number): Float<"heads distances"> {
  const [heads, length] = dy.shape;
  const width = 2 * length - 1;
  const wide = tf.reshape(
    tf.pad(dy, [
      [0, 0],
      [0, 0],
      [0, length - 2],
    ]),
    [heads, length * (width - 1)],
  );
  const shifted = tf.pad(wide, [
    [0, 0],
    [length - 1, 1],
  ]);
  return fitDistances(tf.sum(tf.reshape(shifted, [heads, length, width]), 1), distances);
}

/** As many distances as wanted around distance 0: cut off, or filled up with 0. Both numbers are odd. */
function fitDistances(table: Float<"heads distances">, wanted: number): Float<"heads distances"> {
  const [heads = 0, distances = 0] = table.shape;
  const missing = (wanted - distances) / 2;
  if (missing <= 0) return tf.slice(table, [0, -missing], [heads, wanted]);
  return tf.pad(table, [
    [0, 0],
    [missing, missing],
  ]);
}
