import { ShapeError } from "@kindred/errors";
import type * as tf from "@tensorflow/tfjs-core";
import { asWasmBackend, backendOf } from "./wasm-backend.ts";

// tfjs's cpu backend keeps the very array a tensor was made from. It is the caller's until it is copied once, here.
const ownArrays = new WeakSet<object>();

/**
 * Writes `values` over the elements of a float32 tensor from element `offset` on, in place: the one way a weight changes.
 *
 * All tensors that share the memory (clones, reshapes, what the tape saved) change with it, so call it when no backward pass that
 * still reads them is going on; in {@link valueAndGradients}'s `onGradient` it is safe. On `wasm` it also drops the packed copy that
 * XNNPACK made for `matMul` at an earlier use, which tfjs would go on multiplying by.
 *
 * @throws ShapeError when the tensor is not float32 or the values do not fit.
 * @example
 * ```ts
 * import { overwrite, startBackend } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await startBackend("wasm");
 * const weight = tf.tensor2d([[1, 2], [3, 4]]);
 * overwrite(weight, new Float32Array([7, 8]), 1);
 * weight.dataSync(); // => [1, 7, 8, 4]
 * ```
 */
export function overwrite(tensor: tf.Tensor, values: Float32Array, offset = 0): void {
  if (tensor.dtype !== "float32" || !Number.isInteger(offset) || offset < 0 || offset + values.length > tensor.size) {
    throw new ShapeError(
      `overwrite: values do not fit. Got ${values.length} at ${offset} of a ${tensor.dtype} tensor of ${tensor.size} elements, ` +
        "expected float32 and offset + length within it. Check that they belong to this tensor.",
      { dtype: tensor.dtype, size: tensor.size, offset, length: values.length },
    );
  }
  const backend = backendOf(tensor);
  const wasm = asWasmBackend(backend);
  if (wasm) {
    const { id, memoryOffset } = wasm.dataIdMap.get(tensor.dataId);
    new Float32Array(wasm.wasm.HEAPU8.buffer, memoryOffset, tensor.size).set(values, offset);
    wasm.wasm.tfjs.disposeData(id);
    wasm.wasm.tfjs.registerTensor(id, tensor.size, memoryOffset);
    return;
  }
  const data = (backend as CpuBackend).data.get(tensor.dataId);
  if (!ownArrays.has(data.values)) {
    data.values = Float32Array.from(data.values);
    ownArrays.add(data.values);
  }
  data.values.set(values, offset);
}

/** The part of tfjs's cpu backend that holds the elements. */
type CpuBackend = tf.KernelBackend & { readonly data: { get(dataId: tf.DataId): { values: Float32Array } } };
