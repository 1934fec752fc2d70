import { ShapeError } from "@kindred/errors";
import { defineOp, type Float, type None } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";

/** {@link sum} as an op that a backend may implement. */
export const sumOp = defineOp<{ x: Float }, None, { readonly shape: readonly number[] }, Float<"">>({
  name: "KindredSum",
  check: ({ x }) => {
    if (x.size > 0 && x.dtype === "float32") return;
    throw new ShapeError(
      `sum: nothing to add up. Got x [${x.shape}] of ${x.dtype}, expected float32 and an element. Skip empty batches.`,
      { x: x.shape },
    );
  },
  composite: ({ x }) => tf.sum(x),
  gradient: (dy, _saved, _, { shape }) => ({ x: () => tf.mul(tf.fill([...shape], 1), dy) }),
});

/**
 * The sum of all elements, a scalar. Its gradient needs the shape of x only, so nothing is kept.
 *
 * @throws ShapeError when there is no element, or x is not float32
 *
 * @example
 * ```ts
 * import { sum } from "@kindred/nn";
 * import { cpu } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * sum(tf.tensor2d([[1, 2], [3, 4]])).dataSync(); // => [10]
 * ```
 */
export function sum(x: Float): Float<""> {
  return sumOp({ x }, {}, { shape: x.shape });
}
