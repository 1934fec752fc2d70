import { defineOp, expectShapes, type Float, type None } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import { expectEpsilon, layerNormGradientOp, type LayerNormOptions, normalizeRows } from "./layer-norm.ts";

/** {@link addLayerNorm} as an op that a backend may implement. */
export const addLayerNormOp = defineOp<
  { x: Float; residual: Float; gamma: Float; beta: Float },
  None,
  LayerNormOptions,
  Float
>({
  name: "KindredAddLayerNorm",
  check: ({ x, residual, gamma, beta }, _, { epsilon }) => {
    expectShapes("addLayerNorm", {
      x: [x, "rows hidden", "float32"],
      residual: [residual, "rows hidden", "float32"],
      gamma: [gamma, "hidden", "float32"],
      beta: [beta, "hidden", "float32"],
    });
    expectEpsilon("addLayerNorm", epsilon);
  },
  composite: ({ x, residual, gamma, beta }, _, { epsilon }) =>
    tf.add(tf.mul(normalizeRows(tf.add(x, residual), epsilon).normalized, gamma), beta),
  save: ["x", "residual", "gamma"],
  gradient: (dy, { x, residual, gamma }, data, fixed) => {
    const [dsum, dgamma, dbeta] = layerNormGradientOp({ dy, x, residual, gamma }, data, fixed);
    return { x: () => dsum, residual: () => dsum, gamma: () => dgamma, beta: () => dbeta };
  },
});

/**
 * The layer norm of a sum, as it closes each half of a post-norm layer: layerNorm(x + residual).
 *
 * One op, so that the sum need not be kept for the backward pass. Everything else is as `layerNorm` says.
 *
 * @throws ShapeError when x and residual differ in shape, gamma or beta are not `hidden` long, or there is no row
 * @throws ConfigError when epsilon is negative
 * @see Vaswani et al., "Attention Is All You Need", 2017, section 3.1 (post-norm)
 *
 * @example
 * ```ts
 * import { addLayerNorm } from "@kindred/nn";
 * import { cpu } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * const [x, residual] = [tf.tensor2d([[1, 1]]), tf.tensor2d([[0, 2]])];
 * addLayerNorm(x, residual, tf.ones([2]), tf.zeros([2]), { epsilon: 0.00001 }).dataSync(); // => [-1.0000, 1.0000]
 * ```
 */
export function addLayerNorm<Rows extends string, Features extends string>(
  x: Float<`${Rows} ${Features}`>,
  residual: Float<NoInfer<`${Rows} ${Features}`>>,
  gamma: Float<NoInfer<Features>>,
  beta: Float<NoInfer<Features>>,
  { epsilon }: LayerNormOptions,
): Float<`${Rows} ${Features}`> {
  return addLayerNormOp({ x, residual, gamma, beta }, {}, { epsilon });
}
