import type * as tf from "@tensorflow/tfjs-core";
import { readInto } from "./read-into.ts";

/**
 * A copy of the elements of a float32 tensor, which stays as it is when the tensor is overwritten or disposed. (`dataSync` gives
 * the tensor's own array on `cpu`.)
 *
 * @throws ShapeError when the tensor is not float32.
 * @example
 * ```ts
 * import { startBackend, toFloat32Array } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await startBackend("cpu");
 * toFloat32Array(tf.tensor2d([[1, 2], [3, 4]])); // => [1, 2, 3, 4]
 * ```
 */
export function toFloat32Array(tensor: tf.Tensor): Float32Array<ArrayBuffer> {
  const values = new Float32Array(tensor.size);
  readInto(tensor, values);
  return values;
}
