import { defineOp, type Float, type None } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import { normalizeRows, rowMeans } from "./normalize-rows.ts";

/**
 * The gradient of layer norm as an op that a backend may implement: [dx, dgamma, dbeta] from dy, x and gamma. With a residual, that of
 * the layer norm of x + residual, and dx is the residual's too.
 *
 * With n the normalised rows and g = dy·gamma: dx = (g − mean(g) − n·mean(g·n))/√(variance + epsilon), dgamma = Σ dy·n and
 * dbeta = Σ dy over the rows.
 */
export const layerNormGradientOp = defineOp<
  {
    dy: Float<"tokens hidden">;
    x: Float<"tokens hidden">;
    residual: Float<"tokens hidden"> | undefined;
    gamma: Float<"hidden">;
  },
  None,
  { readonly epsilon: number },
  [dx: Float<"tokens hidden">, dgamma: Float<"hidden">, dbeta: Float<"hidden">]
>({
  name: "KindredLayerNormGradient",
  check: () => {},
  composite: ({ dy, x, residual, gamma }, _, { epsilon }) => {
    const sum = residual === undefined ? x : (tf.add(x, residual) as Float<"tokens hidden">);
    const { normalized, inverseDeviation } = normalizeRows(sum, epsilon);
    const g = tf.mul(dy, gamma) as Float<"tokens hidden">;
    const along = tf.mul(normalized, rowMeans(tf.mul(g, normalized)));
    const dx = tf.mul(tf.sub(tf.sub(g, rowMeans(g)), along), inverseDeviation);
    return [dx, tf.sum(tf.mul(dy, normalized), 0), tf.sum(dy, 0)];
  },
});
