import { defineOp, expectShapes, type Float, type None } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import { matmulOp, transposedMatmulOp } from "./linear.ts";

/** {@link matmulTransposed} as an op that a backend may implement. */
export const matmulTransposedOp = defineOp<{ a: Float; b: Float }, None, None, Float>({
  name: "KindredMatmulTransposed",
  check: ({ a, b }) => {
    expectShapes("matmulTransposed", { a: [a, "rows hidden", "float32"], b: [b, "columns hidden", "float32"] });
  },
  composite: ({ a, b }) => tf.matMul(a, tf.transpose(b)),
  save: ["a", "b"],
  gradient: (dy, { a, b }) => ({
    a: () => matmulOp({ a: dy, b }, {}, {}),
    b: () => transposedMatmulOp({ a: dy, b: a }, {}, {}),
  }),
});

/**
 * All scalar products between the rows of a and the rows of b: y = a·bᵀ.
 *
 * y[row, column] = Σₕ a[row, h]·b[column, h]. Of L2-normalised rows these are the cosine similarities.
 *
 * @throws ShapeError when the rows are not equally long, or there are none
 *
 * @example
 * ```ts
 * import { matmulTransposed } from "@kindred/nn";
 * import { cpu } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * matmulTransposed(tf.tensor2d([[1, 2]]), tf.tensor2d([[3, 4], [5, 6]])).dataSync(); // => [11, 17]
 * ```
 */
export function matmulTransposed<Rows extends string, Columns extends string, Features extends string>(
  a: Float<`${Rows} ${Features}`>,
  b: Float<`${Columns} ${Features}`>,
): Float<`${Rows} ${Columns}`> {
  return matmulTransposedOp({ a, b }, {}, {});
}
