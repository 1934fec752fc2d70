import { ShapeError } from "@kindred/errors";
import { type AnyAxes, defineOp, type Float, type None } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";

/** The gradient of {@link gelu} as an op that an engine may implement: dx = dy·(Φ(x) + x·φ(x)), where φ is the normal density. */
export const geluGradientOp = defineOp<{ dy: Float; x: Float }, None, None, Float>({
  name: "KindredGeluGradient",
  check: () => {},
  composite: ({ dy, x }) => {
    const density = tf.mul(tf.exp(tf.mul(tf.square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
    return tf.mul(dy, tf.add(distribution(x), tf.mul(x, density)));
  },
});

/** {@link gelu} as an op that a backend may implement. */
export const geluOp = defineOp<{ x: Float }, None, None, Float>({
  name: "KindredGelu",
  check: ({ x }) => {
    if (x.size > 0 && x.dtype === "float32") return;
    throw new ShapeError(
      `gelu: wrong input. Got x [${x.shape}] of ${x.dtype}, expected float32 and at least one element. Skip empty batches.`,
      { x: x.shape },
    );
  },
  composite: ({ x }) => tf.mul(x, distribution(x)),
  save: ["x"],
  gradient: (dy, { x }) => ({ x: () => geluGradientOp({ dy, x }, {}, {}) }),
});

/** Φ(x) = ½(1 + erf(x/√2)). */
function distribution(x: Float): Float {
  return tf.mul(tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1), 0.5);
}

/**
 * The Gaussian error linear unit, element by element: y = x·Φ(x) = x·½(1 + erf(x/√2)).
 *
 * The exact form with erf, as MPNet uses it, not the tanh approximation. Φ is the standard normal distribution function.
 *
 * @throws ShapeError when x is empty or not float32
 * @see Hendrycks, Gimpel, "Gaussian Error Linear Units (GELUs)", arXiv:1606.08415, 2016, section 2
 *
 * @example
 * ```ts
 * import { gelu } from "@kindred/nn";
 * import { cpu } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * gelu(tf.tensor1d([-1, 0, 1])).dataSync(); // => [-0.15866, 0.0, 0.84134]
 * ```
 */
export function gelu<Axes extends string = AnyAxes>(x: Float<Axes>): Float<Axes> {
  return geluOp({ x }, {}, {});
}
