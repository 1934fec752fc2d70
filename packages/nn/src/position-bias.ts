import { ShapeError } from "@kindred/errors";
import { defineOp, expectShapes, type Float } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";

/** {@link positionBias} as an op that a backend may implement. */
export const positionBiasOp = defineOp<
  { table: Float },
  { readonly bucketOfDistance: Int32Array },
  { readonly buckets: number },
  Float
>({
  name: "KindredPositionBias",
  check: ({ table }, { bucketOfDistance }) => {
    const { buckets } = expectShapes("positionBias", { table: [table, "buckets heads", "weight"] });
    const bad = bucketOfDistance.findIndex((bucket) => bucket < 0 || bucket >= buckets);
    if (bucketOfDistance.length % 2 === 1 && bad < 0) return;
    throw new ShapeError(
      `positionBias: buckets don't fit the table. Got ${bucketOfDistance.length} distances` +
        `${bad < 0 ? "" : ` with bucket ${bucketOfDistance[bad]} at ${bad}`}, table "buckets heads" = [${table.shape.join(", ")}], expected ` +
        `an odd number of distances (as many to the left as to the right) in buckets 0 to ${buckets - 1}. Use a larger table.`,
      { distances: bucketOfDistance.length, at: bad, buckets },
    );
  },
  composite: ({ table }, { bucketOfDistance }) =>
    tf.transpose(tf.gather(table, tf.tensor1d(bucketOfDistance, "int32"))),
  gradient: (dy, _saved, data, fixed) => ({ table: () => positionBiasGradientOp({ dy }, data, fixed) }),
});

/** The gradient of {@link positionBias} as an op that a backend may implement: sums of dy over the distances of each bucket. */
export const positionBiasGradientOp = defineOp<
  { dy: Float },
  { readonly bucketOfDistance: Int32Array },
  { readonly buckets: number },
  Float
>({
  name: "KindredPositionBiasGradient",
  check: () => {},
  composite: ({ dy }, { bucketOfDistance }, { buckets }) =>
    tf.unsortedSegmentSum(tf.transpose(dy), tf.tensor1d(bucketOfDistance, "int32"), buckets),
});

/**
 * The bias of every head for every distance between key and query, looked up in a table of buckets.
 *
 * y[head, d] = table[bucketOfDistance[d], head], where index d stands for the distance key − query = d − maxDistance, and
 * distances = 2·maxDistance + 1. All layers share it, and `attention` reads it by distance: no heads × queries × keys tensor is made.
 *
 * @param bucketOfDistance not to be written before the backward pass is over
 * @throws ShapeError when a bucket is not in the table, or the number of distances is even
 * @see Raffel et al., "Exploring the Limits of Transfer Learning" (T5), 2020, section 2.1
 *
 * @example
 * ```ts
 * import { positionBias } from "@kindred/nn";
 * import { cpu } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * const table = tf.tensor2d([[1, 10], [2, 20]]); // two buckets, two heads
 * positionBias(table, Int32Array.of(1, 0, 0)).dataSync(); // => [2, 1, 1, 20, 10, 10]
 * ```
 */
export function positionBias(table: Float<"buckets heads">, bucketOfDistance: Int32Array): Float<"heads distances"> {
  const [buckets = 0] = table.shape;
  return positionBiasOp({ table }, { bucketOfDistance }, { buckets });
}
