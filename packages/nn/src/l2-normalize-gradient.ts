import { defineOp, type Float, type None } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";

/**
 * The gradient of L2 normalisation as an op that a backend may implement: dx from dy and x.
 *
 * With y = x/‖x‖: dx = (dy − y·Σ y·dy)/‖x‖, row by row; where the norm is below epsilon the divisor is a constant, so dx = dy/epsilon.
 */
export const l2NormalizeGradientOp = defineOp<
  { dy: Float<"batch hidden">; x: Float<"batch hidden"> },
  None,
  { readonly epsilon: number },
  Float<"batch hidden">
>({
  name: "KindredL2NormalizeGradient",
  check: () => {},
  composite: ({ dy, x }, _, { epsilon }) => {
    const squares = tf.sum(tf.square(x), 1, true);
    const inverse = tf.rsqrt(tf.maximum(squares, epsilon ** 2));
    const y = tf.mul(x, inverse);
    const gate = tf.cast(tf.greaterEqual(squares, epsilon ** 2), "float32");
    const along = tf.mul(tf.sum(tf.mul(y, dy), 1, true), gate);
    return tf.mul(tf.sub(dy, tf.mul(y, along)), inverse);
  },
});
