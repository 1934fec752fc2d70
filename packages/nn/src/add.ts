import { ShapeError } from "@kindred/errors";
import { type AnyAxes, defineOp, type Float, type None } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";

/** {@link add} as an op that a backend may implement. */
export const addOp = defineOp<{ x: Float; y: Float }, None, None, Float>({
  name: "KindredAdd",
  check: ({ x, y }) => {
    const floats = x.dtype === "float32" && y.dtype === "float32";
    if (floats && x.size > 0 && x.shape.join() === y.shape.join()) return;
    throw new ShapeError(
      `add: shapes cannot be added. Got x [${x.shape}], y [${y.shape}], expected float32 of one shape, not empty. Nothing is broadcast here.`,
      { x: x.shape, y: y.shape },
    );
  },
  composite: ({ x, y }) => tf.add(x, y),
  gradient: (dy) => ({ x: () => dy, y: () => dy }),
});

/**
 * The sum of two tensors of one shape: the residual connection, or two losses.
 *
 * Unlike tfjs's own `add` it keeps nothing for the backward pass, and broadcasts nothing.
 *
 * @throws ShapeError when the shapes differ
 *
 * @example
 * ```ts
 * import { add } from "@kindred/nn";
 * import { cpu } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * add(tf.tensor1d([1, 2]), tf.tensor1d([10, 20])).dataSync(); // => [11, 22]
 * ```
 */
export function add<Axes extends string = AnyAxes>(x: Float<Axes>, y: Float<Axes>): Float<Axes> {
  return addOp({ x, y }, {}, {});
}
