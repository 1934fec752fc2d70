import { absolute, l2Normalize, matmulTransposed, rowDot, scale, shift, subtract } from "@kindred/nn";
import type { Float } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";

/** How far two vectors are apart: 1 − their cosine, the length of their difference, or the sum of its absolute numbers. */
export type Distance = "cosine" | "euclidean" | "manhattan";

/** The cosine of each row of x with the same row of y. */
export function cosines(x: Float<"batch hidden">, y: Float<"batch hidden">): Float<"batch"> {
  return rowDot(l2Normalize(x), l2Normalize(y));
}

/** The distance of each row of x from the same row of y. Where rows are equal it has a gradient of 0. */
export function distances(x: Float<"batch hidden">, y: Float<"batch hidden">, distance: Distance): Float<"batch"> {
  if (distance === "cosine") return shift(scale(cosines(x, y), -1), 1);
  const difference = subtract(x, y);
  return distance === "manhattan" ? tf.sum(absolute(difference), 1) : root(rowDot(difference, difference));
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
  return root(tf.sub(sums, scale(products, 2)));
}

/** √x of numbers that should not be below 0. From 0 down it is 10⁻¹² and its gradient 0, where a root's own would be infinite. */
function root<Axes extends string>(x: Float<Axes>): Float<Axes> {
  return tf.sqrt(tf.maximum(x, 1e-24));
}
