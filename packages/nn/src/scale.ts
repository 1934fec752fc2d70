import { ShapeError } from "@kindred/errors";
import { type AnyAxes, defineOp, type Float, type None } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";

/** {@link scale} as an op that a backend may implement. */
export const scaleOp = defineOp<{ x: Float }, None, { readonly factor: number }, Float>({
  name: "KindredScale",
  check: ({ x }, _, { factor }) => {
    if (x.size > 0 && x.dtype === "float32" && Number.isFinite(factor)) return;
    throw new ShapeError(
      `scale: cannot scale. Got x [${x.shape}] of ${x.dtype}, factor ${factor}, expected a float32 tensor that is not empty and a ` +
        "finite number. Look at where the factor comes from.",
      { x: x.shape, factor },
    );
  },
  composite: ({ x }, _, { factor }) => tf.mul(x, factor),
  gradient: (dy, _saved, data, fixed) => ({ x: (): Float => scaleOp({ x: dy }, data, fixed) }),
});

/**
 * A tensor times a constant: factor·x. The constant gets no gradient.
 *
 * @throws ShapeError when the tensor is empty or the factor is not finite
 *
 * @example
 * ```ts
 * import { scale } from "@kindred/nn";
 * import { cpu } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * scale(tf.tensor1d([1, 2]), 20).dataSync(); // => [20, 40]
 * ```
 */
export function scale<Axes extends string = AnyAxes>(x: Float<Axes>, factor: number): Float<Axes> {
  return scaleOp({ x }, {}, { factor });
}
