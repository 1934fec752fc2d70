import { defineOp, expectShapes, type Float, type None } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";

/** {@link rowDot} as an op that a backend may implement. */
export const rowDotOp = defineOp<{ x: Float; y: Float }, None, None, Float>({
  name: "KindredRowDot",
  check: ({ x, y }) => {
    expectShapes("rowDot", { x: [x, "rows hidden", "float32"], y: [y, "rows hidden", "float32"] });
  },
  composite: ({ x, y }) => tf.sum(tf.mul(x, y), 1),
  save: ["x", "y"],
  gradient: (dy, { x, y }) => {
    const perRow = tf.expandDims(dy, 1);
    return { x: () => tf.mul(perRow, y), y: () => tf.mul(perRow, x) };
  },
});

/** {@link logSumExp} as an op that a backend may implement. */
export const logSumExpOp = defineOp<{ x: Float }, None, None, Float>({
  name: "KindredLogSumExp",
  check: ({ x }) => {
    expectShapes("logSumExp", { x: [x, "rows columns", "float32"] });
  },
  // The largest is taken out before the exponential and put back after the logarithm, so that nothing overflows.
  composite: ({ x }) => tf.logSumExp(x, 1),
  save: ["x"],
  gradient: (dy, { x }) => ({ x: () => tf.mul(tf.softmax(x), tf.expandDims(dy, 1)) }),
});

/** {@link transpose} as an op that a backend may implement. */
export const transposeOp = defineOp<{ x: Float }, None, None, Float>({
  name: "KindredTranspose",
  check: ({ x }) => {
    expectShapes("transpose", { x: [x, "rows columns", "float32"] });
  },
  composite: ({ x }) => tf.transpose(x, [1, 0]),
  gradient: (dy) => ({ x: (): Float => transposeOp({ x: dy }, {}, {}) }),
});

/**
 * The scalar product of each row of x with the same row of y: Σₕ x[row, h]·y[row, h]. Of L2-normalised rows these are the cosines of
 * pairs, and of differences with themselves the squared distances.
 *
 * @throws ShapeError when the shapes differ, or there is no row
 *
 * @example
 * ```ts
 * import { rowDot } from "@kindred/nn";
 * import { cpu } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * rowDot(tf.tensor2d([[1, 2], [3, 4]]), tf.tensor2d([[1, 1], [0, 2]])).dataSync(); // => [3, 8]
 * ```
 */
export function rowDot<Rows extends string, Features extends string>(
  x: Float<`${Rows} ${Features}`>,
  y: Float<`${Rows} ${Features}`>,
): Float<Rows> {
  return rowDotOp({ x, y }, {}, {});
}

/**
 * log Σ eˣ over each row, a maximum with soft edges. It is finite wherever x is.
 *
 * @throws ShapeError when x is no matrix, or empty
 *
 * @example
 * ```ts
 * import { logSumExp } from "@kindred/nn";
 * import { cpu } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * logSumExp(tf.tensor2d([[0, 0], [200, 0]])).dataSync(); // => [0.6931, 200.0]
 * ```
 */
export function logSumExp<Rows extends string>(x: Float<`${Rows} ${string}`>): Float<Rows> {
  return logSumExpOp({ x }, {}, {});
}

/**
 * The matrix with rows and columns exchanged.
 *
 * @throws ShapeError when x is no matrix, or empty
 *
 * @example
 * ```ts
 * import { transpose } from "@kindred/nn";
 * import { cpu } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * transpose(tf.tensor2d([[1, 2, 3], [4, 5, 6]])).dataSync(); // => [1, 4, 2, 5, 3, 6]
 * ```
 */
export function transpose<Rows extends string, Columns extends string>(
  x: Float<`${Rows} ${Columns}`>,
): Float<`${Columns} ${Rows}`> {
  return transposeOp({ x }, {}, {});
}
