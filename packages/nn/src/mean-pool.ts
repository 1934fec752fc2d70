import { defineOp, expectShapes, type Float, type Layout, type LayoutData, type LayoutFixed } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import { expectLayout } from "./expect-layout.ts";
import { intoRows, intoSentences, perPlace } from "./sentences.ts";

/** What a pooling op must be told. */
export type PoolOptions = {
  /** Which rows are which sentence's. */
  readonly layout: Layout;
};

/** The gradient of {@link meanPool} as an op that an engine may implement: dx[token] = dy[sentence]/length, 0 for padding. */
export const meanPoolGradientOp = defineOp<{ dy: Float }, LayoutData, LayoutFixed, Float>({
  name: "KindredMeanPoolGradient",
  check: () => {},
  composite: ({ dy }, data, fixed) => {
    const spread = tf.mul(tf.expandDims(dy, 1), shares(data, fixed));
    return intoRows(spread as tf.Tensor3D, data, fixed);
  },
});

/** {@link meanPool} as an op that an engine may implement. */
export const meanPoolOp = defineOp<{ x: Float }, LayoutData, LayoutFixed, Float>({
  name: "KindredMeanPool",
  check: ({ x }, _, fixed) => {
    expectShapes("meanPool", { x: [x, "tokens hidden", "float32"] });
    expectLayout("meanPool", x, fixed);
  },
  composite: ({ x }, data, fixed) => tf.sum(tf.mul(intoSentences(x, data, fixed), shares(data, fixed)), 1),
  gradient: (dy, _saved, data, fixed) => ({ x: () => meanPoolGradientOp({ dy }, data, fixed) }),
});

/** What each token has of its sentence's mean. */
function shares(data: LayoutData, fixed: LayoutFixed): tf.Tensor3D {
  return perPlace(data, fixed, { of: ({ length }) => 1 / length, otherwise: 0 });
}

/**
 * The mean of every sentence's rows: y[sentence] = (1/length)·Σ x[token] over its tokens.
 *
 * Rows of padding are not read, whatever they hold. A sentence of no tokens gives zeros.
 *
 * @throws ShapeError when the layout does not number x's rows
 * @see Reimers, Gurevych, "Sentence-BERT", 2019, section 3 (MEAN)
 *
 * @example
 * ```ts
 * import { meanPool } from "@kindred/nn";
 * import { cpu, packed } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * const x = tf.tensor2d([[1, 2], [3, 4], [7, 9]]);
 * meanPool(x, { layout: packed([2, 1]) }).dataSync(); // => [2, 3, 7, 9]
 * ```
 */
export function meanPool<Features extends string>(
  x: Float<`tokens ${Features}`>,
  { layout }: PoolOptions,
): Float<`batch ${Features}`> {
  return meanPoolOp({ x }, layout.data, layout.fixed);
}
