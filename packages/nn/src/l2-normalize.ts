import { ConfigError } from "@kindred/errors";
import { defineOp, expectShapes, type Float, type None } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import { l2NormalizeGradientOp } from "./l2-normalize-gradient.ts";

/** What L2 normalisation may be told. */
export type L2NormalizeOptions = {
  /** Norms below it count as it. Default 1e-12, as PyTorch; at least 1e-18, whose square float32 can hold. */
  readonly epsilon?: number;
};

/** {@link l2Normalize} as an op that a backend may implement. */
export const l2NormalizeOp = defineOp<
  { x: Float<"batch hidden"> },
  None,
  { readonly epsilon: number },
  Float<"batch hidden">
>({
  name: "KindredL2Normalize",
  check: ({ x }, _, { epsilon }) => {
    expectShapes("l2Normalize", { x: [x, "batch hidden", "float32"] });
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
 * import { startBackend } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await startBackend("wasm");
 * l2Normalize(tf.tensor2d([[3, 4], [0, 0]])).dataSync(); // => [0.6, 0.8, 0.0, 0.0]
 * ```
 */
export function l2Normalize(
  x: Float<"batch hidden">,
  { epsilon = 1e-12 }: L2NormalizeOptions = {},
): Float<"batch hidden"> {
  return l2NormalizeOp({ x }, {}, { epsilon });
}
