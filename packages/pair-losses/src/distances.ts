import { l2Normalize, matmulTransposed, rowDot, scale, shift } from "@kindred/nn";
import type { Float } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";

/** The cosine of each row of x with the same row of y. */
export function cosines(x: Float<"batch hidden">, y: Float<"batch hidden">): Float<"batch"> {
  return rowDot(l2Normalize(x), l2Normalize(y));
}

/** The distance of each row from each: "batch batch". Euclidean from products, so that of near rows is good to 2⁻¹² of their length only. */
export function distanceMatrix(x: Float<"batch hidden">, distance: "cosine" | "euclidean"): Float<"batch batch"> {
  if (distance === "cosine") {
    const unit = l2Normalize(x);
    return shift(scale(matmulTransposed(unit, unit), -1), 1);
  }
  const squares = rowDot(x, x);
  const sums = tf.add(tf.expandDims(squares, 1), tf.expandDims(squares, 0));
  const products = matmulTransposed(x, x);
  return tf.sqrt(tf.maximum(tf.sub(sums, scale(products, 2)), 1e-24)); // as `rowDistances` has it, of equal rows
}
