import { defineOp, expectShapes, type Float, type None } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";

/**
 * The matrix product y = aᵀ·b, y[row, column] = Σᵢ a[i, row]·b[i, column], as an op that a backend may implement.
 *
 * A weight's gradient is one, summed over tokens; it has no gradient itself, since nothing is differentiated twice.
 */
export const transposedMatmulOp = defineOp<{ a: Float; b: Float }, None, None, Float>({
  name: "KindredTransposedMatmul",
  check: ({ a, b }) => {
    expectShapes("transposedMatmul", { a: [a, "inner rows", "float32"], b: [b, "inner columns", "float32"] });
  },
  // wasm repacks the right factor at every call, slowly, so the wider of the two goes to the left.
  composite: ({ a, b }) =>
    a.shape[1]! >= b.shape[1]! ? tf.matMul(tf.transpose(a), b) : tf.transpose(tf.matMul(tf.transpose(b), a)),
});
