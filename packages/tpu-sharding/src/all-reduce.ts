import { ShapeError } from "@kindred/errors";
import type { Core } from "@kindred/mesh";
import { type DefinedOp, defineOp, type Float, type None, toFloat32Array } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import { coreAt, type CorePlace, placeOf } from "./core-place.ts";

/** {@link allReduce} as an op that an engine may implement. */
export const allReduceOp: DefinedOp<{ x: Float }, None, CorePlace, Float> = defineOp({
  name: "KindredAllReduce",
  check: ({ x }) => {
    if (x.dtype === "float32") return;
    throw new ShapeError(`allReduce: x is not float32. Got ${x.dtype} [${x.shape}].`, { dtype: x.dtype, x: x.shape });
  },
  composite: ({ x }, _, place) => {
    if (place.size === 1) return tf.clone(x);
    const values = toFloat32Array(x);
    return tf.tensor(coreAt(place).allReduce(values, { into: values }), x.shape, "float32");
  },
  gradient: (dy, _saved, data, fixed) => ({ x: () => allReduceOp({ x: dy }, data, fixed) }),
});

/**
 * The element-wise sum over the cores, the same on every core; differentiable.
 *
 * `y = Σ over cores k of x_k`, any shape, the same on all cores. The objective is the sum of the cores' losses, so the gradient
 * is allReduce again: `dx_c = Σ over cores k of dy_k`.
 *
 * @throws ShapeError unless x is float32.
 *
 * @example
 * ```ts
 * import { cpu } from "@kindred/tensor";
 * import { soloCore } from "@kindred/mesh";
 * import { allReduce } from "@kindred/tpu-sharding";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * allReduce(tf.tensor1d([1, 2]), soloCore()).dataSync(); // => [1, 2]
 * ```
 */
export function allReduce<Axes extends string>(x: Float<Axes>, core: Core | CorePlace): Float<Axes> {
  return allReduceOp({ x }, {}, placeOf(core));
}
