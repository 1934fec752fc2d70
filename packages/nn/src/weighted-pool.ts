import { ShapeError } from "@kindred/errors";
import { defineOp, expectShapes, type Float, type Layout, type LayoutData, type LayoutFixed } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import { expectLayout } from "./expect-layout.ts";
import { intoRows, intoSentences, perPlace } from "./sentences.ts";

/** What {@link weightedPool} must be told. */
export type WeightedPoolOptions = {
  /** Which rows are which sentence's. */
  readonly layout: Layout;
  /** One weight a row of x, padding included (those are not read). Constants: they get no gradient. Not to be written. */
  readonly weights: Float32Array;
};

/** What changes with each batch: the layout's part, and the weights. */
export type WeightedPoolData = LayoutData & { readonly weights: Float32Array };

/** The gradient of {@link weightedPool} as an op that an engine may implement: dx[token] = weights[token]·dy[sentence], 0 for padding. */
export const weightedPoolGradientOp = defineOp<{ dy: Float }, WeightedPoolData, LayoutFixed, Float>({
  name: "KindredWeightedPoolGradient",
  check: () => {},
  composite: ({ dy }, data, fixed) => {
    const spread = tf.mul(tf.expandDims(dy, 1), weightsOfPlaces(data, fixed));
    return intoRows(spread as tf.Tensor3D, data, fixed);
  },
});

/** {@link weightedPool} as an op that an engine may implement. */
export const weightedPoolOp = defineOp<{ x: Float }, WeightedPoolData, LayoutFixed, Float>({
  name: "KindredWeightedPool",
  check: ({ x }, { weights }, fixed) => {
    const { tokens } = expectShapes("weightedPool", { x: [x, "tokens hidden", "float32"] });
    expectLayout("weightedPool", x, fixed);
    if (weights.length === tokens) return;
    throw new ShapeError(
      `weightedPool: weights and rows don't fit. Got ${weights.length} weights, x "tokens hidden" = [${x.shape.join(", ")}], ` +
        "expected one weight a row. Give padding a weight too, it is not read.",
      { weights: weights.length, tokens },
    );
  },
  composite: ({ x }, data, fixed) => tf.sum(tf.mul(intoSentences(x, data, fixed), weightsOfPlaces(data, fixed)), 1),
  gradient: (dy, _saved, data, fixed) => ({ x: () => weightedPoolGradientOp({ dy }, data, fixed) }),
});

function weightsOfPlaces(data: WeightedPoolData, fixed: LayoutFixed): tf.Tensor3D {
  return perPlace(data, fixed, { of: ({ row }) => data.weights[row] ?? 0, otherwise: 0 });
}

/**
 * The weighted sum of every sentence's rows: y[sentence] = Σ weights[token]·x[token] over its tokens.
 *
 * With 1/√length it is sentence-transformers' `mean_sqrt_len_tokens`, with position/Σ positions its `weightedmean`. Rows of padding
 * are not read, whatever they hold. A sentence of no tokens gives zeros.
 *
 * @throws ShapeError when the layout does not number x's rows, or there is not one weight a row
 *
 * @example
 * ```ts
 * import { weightedPool } from "@kindred/nn";
 * import { cpu, packed } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * const x = tf.tensor2d([[1, 2], [3, 4], [7, 9]]);
 * weightedPool(x, { layout: packed([2, 1]), weights: Float32Array.of(1, 10, 2) }).dataSync(); // => [31, 42, 14, 18]
 * ```
 */
export function weightedPool<Features extends string>(
  x: Float<`tokens ${Features}`>,
  { layout, weights }: WeightedPoolOptions,
): Float<`batch ${Features}`> {
  return weightedPoolOp({ x }, { ...layout.data, weights }, layout.fixed);
}
