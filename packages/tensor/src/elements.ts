import { ShapeError } from "@kindred/errors";
import type * as tf from "@tensorflow/tfjs-core";
import { asWasmBackend, backendOf } from "./wasm-backend.ts";

// tfjs's cpu backend keeps the very array a tensor was made from. It is the caller's until it is copied once, here.
const ownArrays = new WeakSet<object>();

/** `write` of a running engine on tfjs's own backends. On wasm it also drops the packed copy of a weight that XNNPACK made for `matMul`. */
export function writeElements(tensor: tf.Tensor, values: Float32Array, at = 0): void {
  if (tensor.dtype !== "float32" || !Number.isInteger(at) || at < 0 || at + values.length > tensor.size) {
    throw new ShapeError(
      `write: values do not fit. Got ${values.length} at ${at} of a ${tensor.dtype} tensor of ${tensor.size} elements, ` +
        "expected float32 and at + length within it. Check that they belong to this tensor.",
      { dtype: tensor.dtype, size: tensor.size, at, length: values.length },
    );
  }
  const backend = backendOf(tensor);
  const wasm = asWasmBackend(backend);
  if (wasm) {
    const { id, memoryOffset } = wasm.dataIdMap.get(tensor.dataId);
    new Float32Array(wasm.wasm.HEAPU8.buffer, memoryOffset, tensor.size).set(values, at);
    wasm.wasm.tfjs.disposeData(id);
    wasm.wasm.tfjs.registerTensor(id, tensor.size, memoryOffset);
    return;
  }
  const data = (backend as CpuBackend).data.get(tensor.dataId);
  if (!ownArrays.has(data.values)) {
    data.values = Float32Array.from(data.values);
    ownArrays.add(data.values);
  }
  data.values.set(values, at);
}

/** The part of tfjs's cpu backend that holds the elements. */
type CpuBackend = tf.KernelBackend & { readonly data: { get(dataId: tf.DataId): { values: Float32Array } } };

/** `readSync` of a running engine on tfjs's own backends. On wasm there is no array in between. */
export function readElements(tensor: tf.Tensor, into: Float32Array, at = 0): void {
  if (tensor.dtype !== "float32" || !Number.isInteger(at) || at < 0 || at + tensor.size > into.length) {
    throw new ShapeError(
      `read: the target does not fit. Got ${into.length} elements for ${tensor.size} of ${tensor.dtype} at ${at}, ` +
        "expected float32 and room for all of them. Make the target as long as the tensor.",
      { dtype: tensor.dtype, size: tensor.size, at, length: into.length },
    );
  }
  const backend = backendOf(tensor);
  into.set((asWasmBackend(backend)?.typedArrayFromHeap(tensor) ?? tensor.dataSync()) as Float32Array, at);
}
