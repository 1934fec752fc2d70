import { ShapeError } from "@kindred/errors";
import * as tf from "@tensorflow/tfjs-core";
import type { WasmBackend } from "./wasm-backend.ts";

/**
 * Lets wasm's `GatherV2` kernel copy whole rows where it gathers along the first axis (embedding tables, sorted batches): tfjs's
 * own computes every element's place with two allocations, 40 ms for 512 rows of 768. Other gathers still go to tfjs's.
 */
export function replaceGather(): void {
  const stock = tf.getKernel("GatherV2", "wasm");
  tf.unregisterKernel("GatherV2", "wasm");
  tf.registerKernel({
    ...stock,
    kernelFunc: (call) => {
      const { x, indices } = call.inputs as { x: tf.TensorInfo; indices: tf.TensorInfo };
      const { axis, batchDims } = call.attrs as unknown as { axis: number; batchDims: number };
      const firstAxis = x.shape.length > 0 && (axis === 0 || axis === -x.shape.length);
      const plain = !batchDims && indices.dtype === "int32" && (x.dtype === "float32" || x.dtype === "int32");
      return firstAxis && plain ? gatherRows(x, indices, call.backend as WasmBackend) : stock.kernelFunc(call);
    },
  });
}

function gatherRows(x: tf.TensorInfo, indices: tf.TensorInfo, backend: WasmBackend): tf.TensorInfo {
  const [rowCount, ...rowShape] = x.shape as [number, ...number[]];
  const out = backend.makeOutput([...indices.shape, ...rowShape], x.dtype);
  // Views only after the last allocation: growth empties them.
  const from = backend.typedArrayFromHeap(x);
  const to = backend.typedArrayFromHeap(out);
  const chosen = backend.typedArrayFromHeap(indices);
  const size = rowShape.reduce((product, length) => product * length, 1);
  for (let i = 0; i < chosen.length; i++) {
    const row = chosen[i]!;
    if (row < 0 || row >= rowCount) {
      backend.disposeData(out.dataId);
      throw new ShapeError(
        `gather: no such row. Got ${row} at ${i}, expected 0 to ${rowCount - 1}. Check the indices against the table's rows.`,
        { row, at: i, rowCount },
      );
    }
    to.set(from.subarray(row * size, (row + 1) * size), i * size);
  }
  return out;
}
