import { ShapeError } from "@kindred/errors";
import { defineOp, type Float, type None } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";

/** The gradient of {@link gelu} as an op that a backend may implement: dx from dy, x and y. */
export const geluGradientOp = defineOp<{ dy: Float; x: Float; y: Float }, None, None, Float>({
  name: "KindredGeluGradient",
  check: () => {},
  composite: ({ dy, x, y }) => {
    // dx = dy·(Φ(x) + x·φ(x)). erf is the slowest kernel of tfjs-wasm, so Φ comes back out of the output instead: Φ = y/x. As
    // (x·y + τ/2)/(x² + τ) it is also right at 0, where Φ = ½, and τ is far below what float32 sees elsewhere. Beyond ±30,
    // where Φ is 0 or 1 and φ is 0, x and y are cut so that x² cannot overflow.
    const cutX = tf.clipByValue(x, -30, 30);
    const cutY = tf.clipByValue(y, -30, 30);
    const square = tf.square(cutX);
    const cdf = tf.div(tf.add(tf.mul(cutX, cutY), TINY / 2), tf.add(square, TINY));
    const density = tf.mul(tf.exp(tf.mul(square, -0.5)), 1 / Math.sqrt(2 * Math.PI));
    return tf.mul(dy, tf.add(cdf, tf.mul(cutX, density)));
  },
});

const TINY = 1e-30;

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
  composite: ({ x }) => tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1)),
  save: ["x"],
  // The output costs no memory: the next linear keeps it as its input anyway.
  saveResult: true,
  gradient: (dy, { x, result }) => ({ x: () => geluGradientOp({ dy, x, y: result }, {}, {}) }),
});

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
 * import { startBackend } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await startBackend("wasm");
 * gelu(tf.tensor1d([-1, 0, 1])).dataSync(); // => [-0.15866, 0.0, 0.84134]
 * ```
 */
export function gelu<Axes extends string>(x: Float<Axes>): Float<Axes> {
  return geluOp({ x }, {}, {}) as Float<Axes>;
}
