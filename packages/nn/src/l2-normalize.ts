import { ConfigError } from "@kindred/errors";
import { defineOp, expectShapes, type Float, type None } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";

/** What L2 normalisation may be told. */
export type L2NormalizeOptions = {
  /** Norms below it count as it. Default 1e-12, as PyTorch; at least 1e-18, whose square float32 can hold. */
  readonly epsilon?: number;
};

/**
 * The gradient of L2 normalisation as an op that a backend may implement: dx from dy and x.
 *
 * With y = x/‖x‖: dx = (dy − y·Σ y·dy)/‖x‖, row by row; where the norm is below epsilon the divisor is a constant, so dx = dy/epsilon.
 */
export const l2NormalizeGradientOp = defineOp<{ dy: Float; x: Float }, None, { readonly epsilon: number }, Float>({
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

/** {@link l2Normalize} as an op that a backend may implement. */
export const l2NormalizeOp = defineOp<{ x: Float }, None, { readonly epsilon: number }, Float>({
  name: "KindredL2Normalize",
  check: ({ x }, _, { epsilon }) => {
    expectShapes("l2Normalize", { x: [x, "rows hidden", "float32"] });
    if (epsilon >= 1e-18 && epsilon < Infinity) return;
    throw new ConfigError(
      `l2Normalize: bad epsilon. Got ${epsilon}, expected a number of at least 1e-18. Leave it out for 1e-12.`,
      { epsilon },
    );
  },
  // The maximum is taken of squares: the root's slope at 0 is infinite.
  composite: ({ x }, _, { epsilon }) => {
    const squares = tf.sum(tf.square(x), 1, true);
    return tf.mul(x, tf.rsqrt(tf.maximum(squares, epsilon ** 2)));
  },
  save: ["x"],
  gradient: (dy, { x }, data, fixed) => ({ x: () => l2NormalizeGradientOp({ dy, x }, data, fixed) }),
});

/**
 * Every row divided by its Euclidean norm: y = x / max(‖x‖, epsilon).
 *
 * A zero row stays zero; its gradient is dy/epsilon, as PyTorch's `normalize`. Norms outside 1e-19 … 1e19 are not told from 0 and
 * infinity, since squares are float32.
 *
 * @throws ShapeError when x is not a matrix or has no row
 * @throws ConfigError when epsilon is below 1e-18
 *
 * @example
 * ```ts
 * import { l2Normalize } from "@kindred/nn";
 * import { cpu } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * l2Normalize(tf.tensor2d([[3, 4], [0, 0]])).dataSync(); // => [0.6, 0.8, 0.0, 0.0]
 * ```
 */
export function l2Normalize<Rows extends string, Features extends string>(
  x: Float<`${Rows} ${Features}`>,
  { epsilon = 1e-12 }: L2NormalizeOptions = {},
): Float<`${Rows} ${Features}`> {
  return l2NormalizeOp({ x }, {}, { epsilon });
}
