import { ShapeError } from "@kindred/errors";
import type * as tf from "@tensorflow/tfjs-core";
import { asWasmBackend, backendOf } from "./wasm-backend.ts";

/**
 * Copies the elements of a float32 tensor into `target` from element `offset` on, with no array in between on `wasm`.
 *
 * `target` may lie in shared memory.
 *
 * @throws ShapeError when the tensor is not float32 or `target` is too short.
 * @example
 * ```ts
 * import { readInto, startBackend } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await startBackend("wasm");
 * const target = new Float32Array(4);
 * readInto(tf.tensor1d([1, 2]), target, 1);
 * target; // => [0, 1, 2, 0]
 * ```
 */
export function readInto(tensor: tf.Tensor, target: Float32Array, offset = 0): void {
  if (tensor.dtype !== "float32" || !Number.isInteger(offset) || offset < 0 || offset + tensor.size > target.length) {
    throw new ShapeError(
      `readInto: the target does not fit. Got ${target.length} elements for ${tensor.size} of ${tensor.dtype} at ${offset}, ` +
        "expected float32 and room for all of them. Make the target as long as the tensor.",
      { dtype: tensor.dtype, size: tensor.size, offset, length: target.length },
    );
  }
  const backend = backendOf(tensor);
  target.set((asWasmBackend(backend)?.typedArrayFromHeap(tensor) ?? tensor.dataSync()) as Float32Array, offset);
}
