import { defineOp, expectShape, type Float, type None } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";

/**
 * The sum of all rows, y[column] = Σ x[row, column], as an op that a backend may implement.
 *
 * A bias's gradient is one; it has no gradient itself, since nothing is differentiated twice.
 */
export const columnSumsOp = defineOp<{ x: Float }, None, None, Float>({
  name: "KindredColumnSums",
  check: ({ x }) => {
    expectShape("columnSums", "x", x, "rows columns");
  },
  composite: ({ x }) => tf.sum(x, 0),
});
