import { ConfigError } from "@kindred/errors";
import { type AnyAxes, defineOp, expectShapes, type Float, isStandIn, type None } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";

/**
 * {@link packWeight} as an op that a backend may implement: `[out, in]` to `[panels, in, lanes]`, where panels · lanes = out and
 * packed[p, i, l] = weight[p · lanes + l, i], with as many lanes as its products take at a time. One that gains nothing by it, or
 * whose lanes do not divide `out`, gives a copy.
 */
export const packWeightOp = defineOp<{ weight: Float }, None, None, Float>({
  name: "KindredPackWeight",
  check: ({ weight }) => {
    expectShapes("packWeight", { weight: [weight, "out in", "float32"] });
  },
  composite: ({ weight }) => weight,
});

/**
 * A linear map's weight as the backend multiplies by it, a tensor of its own, for a model that is no longer trained: {@link linear} and
 * {@link geluLinear} take it in the weight's place and are spared rearranging it in each product, which is half the time of one with
 * few rows.
 *
 * The numbers are the same and take as much memory. Its shape may be another, so nothing else takes it, and there is no gradient by it.
 * A backend that gains nothing gives a clone, which changes with the weight if that is overwritten.
 *
 * @throws ShapeError when the weight is not a float32 matrix
 *
 * @example
 * ```ts
 * import { linear, packWeight } from "@kindred/nn";
 * import { cpu } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * const weight = packWeight(tf.tensor2d([[1, 0], [0, 1], [1, 1]]));
 * linear(tf.tensor2d([[2, 3]]), weight).dataSync(); // => [2, 3, 5]
 * ```
 */
export function packWeight<Axes extends string = AnyAxes>(weight: Float<Axes>): Float<Axes> {
  return packWeightOp({ weight }, {}, {});
}

/**
 * The shape `[out, in]` of a weight, also of one that {@link packWeight} gave.
 *
 * @example
 * ```ts
 * import { packWeight, weightShape } from "@kindred/nn";
 * import { cpu } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * weightShape(packWeight(tf.ones([32, 3]))); // => [32, 3]
 * ```
 */
export function weightShape({ shape }: { readonly shape: readonly number[] }): readonly number[] {
  const [panels = 0, inner = 0, lanes] = shape;
  return lanes === undefined ? shape : [panels * lanes, inner];
}

/** A weight as `[out, in]`, whichever way it lies. */
export function unpackWeight(weight: tf.Tensor): tf.Tensor2D {
  if (weight.rank === 2) return weight as tf.Tensor2D;
  return tf.reshape(tf.transpose(weight, [0, 2, 1]), weightShape(weight) as [number, number]);
}

/** @throws ConfigError if a weight is packed, or stands for a frozen one. */
export function expectTrainable(functionName: string, weight: tf.Tensor): void {
  if (weight.rank === 2 && !isStandIn(weight)) return;
  throw new ConfigError(
    `${functionName}: packed and frozen weights have no gradient. Got a weight of shape [${weight.shape.join(", ")}], expected "out in". ` +
      "Train with the weights that they were made of.",
  );
}
