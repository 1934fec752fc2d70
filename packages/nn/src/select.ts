import { ShapeError } from "@kindred/errors";
import { type AnyAxes, defineOp, type Float, type None, valueAndGradients } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";

/** Which of two tensors each element comes from: 1 for x, 0 for y. */
export type SelectData = { readonly mask: Uint8Array };

/** {@link select} as an op that a backend may implement. */
export const selectOp = defineOp<{ x: Float; y: Float }, SelectData, None, Float>({
  name: "KindredSelect",
  check: ({ x, y }, { mask }) => {
    const floats = x.dtype === "float32" && y.dtype === "float32";
    const bad = mask.findIndex((value) => value > 1);
    if (floats && x.size > 0 && x.shape.join() === y.shape.join() && mask.length === x.size && bad < 0) return;
    throw new ShapeError(
      `select: tensors and mask don't fit. Got x [${x.shape}], y [${y.shape}], ${mask.length} numbers of a mask` +
        `${bad < 0 ? "" : `, ${mask[bad]} at ${bad}`}, expected float32 of one shape, not empty, and a 0 or 1 for each element.`,
      { x: x.shape, y: y.shape, mask: mask.length },
    );
  },
  composite: ({ x, y }, { mask }) => tf.where(tf.tensor(mask, x.shape, "bool"), x, y),
  gradient: (dy, _saved, { mask }) => {
    const chosen = tf.cast(tf.tensor(mask, dy.shape, "bool"), "float32");
    return { x: () => tf.mul(dy, chosen), y: () => tf.mul(dy, tf.sub(1, chosen)) };
  },
});

/**
 * Elements of x where the mask is 1, of y where it is 0. What is not chosen gets a gradient of 0.
 *
 * @param mask an element each, rows one after another; not to be written before the backward pass is over
 * @throws ShapeError when the shapes differ, or the mask is not of as many zeros and ones
 *
 * @example
 * ```ts
 * import { select } from "@kindred/nn";
 * import { cpu } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * select(Uint8Array.of(1, 0), tf.tensor1d([1, 2]), tf.tensor1d([10, 20])).dataSync(); // => [1, 20]
 * ```
 */
export function select<Axes extends string = AnyAxes>(mask: Uint8Array, x: Float<Axes>, y: Float<Axes>): Float<Axes> {
  return selectOp({ x, y }, { mask }, {});
}

/**
 * x as a constant: the same elements, and no gradient goes back to what x was made of.
 *
 * @example
 * ```ts
 * import { multiply, stopGradient } from "@kindred/nn";
 * import { cpu, valueAndGradients } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * const x = tf.scalar(3);
 * valueAndGradients(() => multiply(x, x), { x }).gradients.x!.dataSync(); // => [6]
 * valueAndGradients(() => multiply(x, stopGradient(x)), { x }).gradients.x!.dataSync(); // => [3]
 * ```
 */
export function stopGradient<Axes extends string = AnyAxes>(x: Float<Axes>): Float<Axes> {
  return valueAndGradients(() => tf.clone(x), {}, { upstream: x }).value; // what is recorded inside is no part of a recording outside
}
