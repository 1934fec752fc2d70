import { ConfigError } from "@kindred/errors";
import { activeEngine } from "./define-engine.ts";
import type { Float } from "./named-axes.ts";

/**
 * A copy of the elements of a float32 tensor, which stays as it is when the tensor is overwritten or disposed. (`dataSync` gives
 * the tensor's own array on `cpu`.)
 *
 * @param into where the copy goes, from element `at` on; it may lie in shared memory. Default: a new array.
 * @throws ShapeError when the tensor is not float32, or `into` is too short.
 * @throws ConfigError when no engine runs, or the one that runs must be waited for: it has `read` alone.
 * @example
 * ```ts
 * import { cpu, toFloat32Array } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * toFloat32Array(tf.tensor2d([[1, 2], [3, 4]])); // => [1, 2, 3, 4]
 * toFloat32Array(tf.tensor1d([5]), new Float32Array(3), 1); // => [0, 5, 0]
 * ```
 */
export function toFloat32Array(tensor: Float, into?: Float32Array<ArrayBuffer>, at?: number): Float32Array<ArrayBuffer>;
export function toFloat32Array(tensor: Float, into: Float32Array, at?: number): Float32Array;
export function toFloat32Array(tensor: Float, into: Float32Array = new Float32Array(tensor.size), at = 0) {
  const { readSync, description } = activeEngine();
  if (readSync === undefined) {
    throw new ConfigError(
      `toFloat32Array: the engine can't be read at once. Got ${description}, expected one with readSync. Await its read.`,
      { engine: description },
    );
  }
  readSync(tensor, into, at);
  return into;
}
