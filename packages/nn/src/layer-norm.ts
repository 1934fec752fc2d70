import { defineOp, expectShapes, type Float, type None } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import { expectEpsilon } from "./expect-epsilon.ts";
import { layerNormGradientOp } from "./layer-norm-gradient.ts";
import { normalizeRows } from "./normalize-rows.ts";

/** What a layer norm may be told. */
export type LayerNormOptions = {
  /** Added to the variance, inside the square root. MPNet's checkpoints use 1e-5, its config class 1e-12. */
  readonly epsilon: number;
};

/** {@link layerNorm} as an op that a backend may implement. */
export const layerNormOp = defineOp<
  { x: Float<"tokens hidden">; gamma: Float<"hidden">; beta: Float<"hidden"> },
  None,
  LayerNormOptions,
  Float<"tokens hidden">
>({
  name: "KindredLayerNorm",
  check: ({ x, gamma, beta }, _, { epsilon }) => {
    expectShapes("layerNorm", {
      x: [x, "tokens hidden", "float32"],
      gamma: [gamma, "hidden", "float32"],
      beta: [beta, "hidden", "float32"],
    });
    expectEpsilon("layerNorm", epsilon);
  },
  composite: ({ x, gamma, beta }, _, { epsilon }) => tf.add(tf.mul(normalizeRows(x, epsilon).normalized, gamma), beta),
  save: ["x", "gamma"],
  gradient: (dy, { x, gamma }, data, fixed) => {
    const [dx, dgamma, dbeta] = layerNormGradientOp({ dy, x, residual: undefined, gamma }, data, fixed);
    return { x: () => dx, gamma: () => dgamma, beta: () => dbeta };
  },
});

/**
 * Every row shifted to mean 0 and scaled to variance 1, then scaled and shifted feature by feature.
 *
 * y = gamma·(x − mean)/√(variance + epsilon) + beta, with mean and the *biased* variance over `hidden`, a row at a time, as
 * PyTorch. A constant row gives beta (with epsilon 0 it is NaN).
 *
 * @throws ShapeError when gamma or beta are not `hidden` long, or x has no row
 * @throws ConfigError when epsilon is negative
 * @see Ba, Kiros, Hinton, "Layer Normalization", arXiv:1607.06450, 2016, section 3.1
 *
 * @example
 * ```ts
 * import { layerNorm } from "@kindred/nn";
 * import { startBackend } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await startBackend("wasm");
 * const x = tf.tensor2d([[1, 3], [5, 5]]);
 * layerNorm(x, tf.tensor1d([1, 2]), tf.tensor1d([0, 7]), { epsilon: 0.00001 }).dataSync(); // => [-1.0000, 9.0000, 0.0, 7.0]
 * ```
 */
export function layerNorm(
  x: Float<"tokens hidden">,
  gamma: Float<"hidden">,
  beta: Float<"hidden">,
  { epsilon }: LayerNormOptions,
): Float<"tokens hidden"> {
  return layerNormOp({ x, gamma, beta }, {}, { epsilon });
}
