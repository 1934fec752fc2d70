import { defineOp, expectShapes, type Float, type LayoutData, type LayoutFixed } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import { expectLayout } from "./expect-layout.ts";
import type { PoolOptions } from "./mean-pool.ts";
import { intoRows, intoSentences, LEFT_OUT, perPlace } from "./sentences.ts";

/** The gradient of {@link segmentMax} as an op that an engine may implement: dx from dy and x. The first of equal maxima gets it all. */
export const segmentMaxGradientOp = defineOp<{ dy: Float; x: Float }, LayoutData, LayoutFixed, Float>({
  name: "KindredSegmentMaxGradient",
  check: () => {},
  composite: ({ dy, x }, data, fixed) => {
    const first = tf.expandDims(tf.argMax(tokensAlone(x, data, fixed), 1), 1);
    const positions = tf.tensor3d([...new Array(fixed.longest).keys()], [1, fixed.longest, 1], "int32");
    const isFirst = tf.cast(tf.equal(positions, first), "float32");
    return intoRows(tf.mul(isFirst, tf.expandDims(dy, 1)) as tf.Tensor3D, data, fixed);
  },
});

/** {@link segmentMax} as an op that an engine may implement. */
export const segmentMaxOp = defineOp<{ x: Float }, LayoutData, LayoutFixed, Float>({
  name: "KindredSegmentMax",
  check: ({ x }, _, fixed) => {
    expectShapes("segmentMax", { x: [x, "tokens hidden", "float32"] });
    expectLayout("segmentMax", x, fixed);
  },
  composite: ({ x }, data, fixed) => {
    const notEmpty = Float32Array.from(data.lengths, (length) => (length > 0 ? 1 : 0));
    return tf.mul(tf.max(tokensAlone(x, data, fixed), 1), tf.tensor2d(notEmpty, [fixed.batch, 1]));
  },
  save: ["x"],
  gradient: (dy, { x }, data, fixed) => ({ x: () => segmentMaxGradientOp({ dy, x }, data, fixed) }),
});

/** The rows of every sentence, and what is below them all in places after its end. */
function tokensAlone(x: Float, data: LayoutData, fixed: LayoutFixed): tf.Tensor3D {
  return tf.add(intoSentences(x, data, fixed), perPlace(data, fixed, { of: () => 0, otherwise: LEFT_OUT }));
}

/**
 * The largest value of every feature in every sentence: y[sentence, feature] = max x[token, feature] over its tokens.
 *
 * Rows of padding are not read. A sentence of no tokens gives zeros. Of several equal maxima the first gets the whole gradient,
 * as PyTorch's `max(dim)` on CPU does it.
 *
 * @throws ShapeError when the layout does not number x's rows
 *
 * @example
 * ```ts
 * import { segmentMax } from "@kindred/nn";
 * import { cpu, packed } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * const x = tf.tensor2d([[1, 4], [3, 2], [7, 9]]);
 * segmentMax(x, { layout: packed([2, 1]) }).dataSync(); // => [3, 4, 7, 9]
 * ```
 */
export function segmentMax<Features extends string>(
  x: Float<`tokens ${Features}`>,
  { layout }: PoolOptions,
): Float<`batch ${Features}`> {
  return segmentMaxOp({ x }, layout.data, layout.fixed);
}
