import { defineOp, expectShapes, type Float, type None } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";

/**
 * The matrix product y = a·b, y[row, column] = Σᵢ a[row, i]·b[i, column], as an op that a backend may implement.
 *
 * Backward passes are made of it; it has no gradient itself, since nothing is differentiated twice.
 */
export const matmulOp = defineOp<{ a: Float; b: Float }, None, None, Float>({
  name: "KindredMatmul",
  check: ({ a, b }) => {
    expectShapes("matmul", { a: [a, "rows inner", "float32"], b: [b, "inner columns", "float32"] });
  },
  composite: ({ a, b }) => tf.matMul(a, b),
});
