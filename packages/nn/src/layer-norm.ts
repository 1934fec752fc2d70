import { ConfigError } from "@kindred/errors";
import { defineOp, expectShapes, type Float, type None } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";

/** What a layer norm may be told. */
export type LayerNormOptions = {
  /** Added to the variance, inside the square root. MPNet's checkpoints use 1e-5, its config class 1e-12. */
  readonly epsilon: number;
};

/**
 * The gradient of layer norm as an op that a backend may implement: [dx, dgamma, dbeta] from dy, x and gamma. With a residual, that of
 * the layer norm of x + residual, and dx is the residual's too.
 *
 * With n the normalised rows and g = dy·gamma: dx = (g − mean(g) − n·mean(g·n))/√(variance + epsilon), dgamma = Σ dy·n and
 * dbeta = Σ dy over the rows.
 */
export const layerNormGradientOp = defineOp<
  { dy: Float; x: Float; residual: Float | undefined; gamma: Float },
  None,
  { readonly epsilon: number },
  [dx: Float, dgamma: Float, dbeta: Float]
>({
  name: "KindredLayerNormGradient",
  check: () => {},
  composite: ({ dy, x, residual, gamma }, _, { epsilon }) => {
    const sum = residual === undefined ? x : tf.add(x, residual);
    const { normalized, inverseDeviation } = normalizeRows(sum, epsilon);
    const g = tf.mul(dy, gamma);
    const along = tf.mul(normalized, rowMeans(tf.mul(g, normalized)));
    const dx = tf.mul(tf.sub(tf.sub(g, rowMeans(g)), along), inverseDeviation);
    return [dx, tf.sum(tf.mul(dy, normalized), 0), tf.sum(dy, 0)];
  },
});

/** {@link layerNorm} as an op that a backend may implement. */
export const layerNormOp = defineOp<{ x: Float; gamma: Float; beta: Float }, None, LayerNormOptions, Float>({
  name: "KindredLayerNorm",
  check: ({ x, gamma, beta }, _, { epsilon }) => {
    expectShapes("layerNorm", {
      x: [x, "rows hidden", "float32"],
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

/** Rows at mean 0 and variance 1, and 1/√(variance + epsilon) of each row, in plain tfjs ops. */
export function normalizeRows(
  x: Float<"rows hidden">,
  epsilon: number,
): { readonly normalized: Float<"rows hidden">; readonly inverseDeviation: Float<"rows 1"> } {
  const centered = tf.sub(x, rowMeans(x));
  const inverseDeviation = tf.rsqrt(tf.add(rowMeans(tf.square(centered)), epsilon));
  return { normalized: tf.mul(centered, inverseDeviation), inverseDeviation };
}

/** The mean of every row, in a column. */
function rowMeans(x: Float<"rows hidden">): Float<"rows 1"> {
  const [, hidden = 0] = x.shape;
  return tf.mul(tf.sum(x, 1, true), 1 / hidden);
}

/** Refuses an epsilon that is negative or not a number. */
export function expectEpsilon(functionName: string, epsilon: number): void {
  if (epsilon >= 0 && epsilon < Infinity) return;
  throw new ConfigError(
    `${functionName}: bad epsilon. Got ${epsilon}, expected a number of at least 0. Look at layer_norm_eps in config.json.`,
    { epsilon },
  );
}

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
 * import { cpu } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * const x = tf.tensor2d([[1, 3], [5, 5]]);
 * layerNorm(x, tf.tensor1d([1, 2]), tf.tensor1d([0, 7]), { epsilon: 0.00001 }).dataSync(); // => [-1.0000, 9.0000, 0.0, 7.0]
 * ```
 */
export function layerNorm<Rows extends string, Features extends string>(
  x: Float<`${Rows} ${Features}`>,
  gamma: Float<NoInfer<Features>>,
  beta: Float<NoInfer<Features>>,
  { epsilon }: LayerNormOptions,
): Float<`${Rows} ${Features}`> {
  return layerNormOp({ x, gamma, beta }, {}, { epsilon });
}
