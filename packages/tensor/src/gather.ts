import { ShapeError } from "@kindred/errors";
import * as tf from "@tensorflow/tfjs-core";
import { replaceKernel } from "./implement.ts";
import type { WasmBackend } from "./wasm-backend.ts";

/**
 * Gives wasm another `GatherV2` kernel, which copies runs of elements. tfjs's own computes every element's place with two allocations (40 ms
 * for 512 rows of 768), and gives wrong elements where each of a batch has its own indices (`batchDims`).
 */
export function replaceGather(): void {
  const stock = tf.getKernel("GatherV2", "wasm");
  replaceKernel("GatherV2", "wasm", (call) => {
    const { x, indices } = call.inputs as { x: tf.TensorInfo; indices: tf.TensorInfo };
    const { axis, batchDims } = call.attrs as unknown as { axis: number; batchDims: number };
    const plain = x.shape.length > 0 && indices.dtype === "int32" && x.dtype !== "string";
    if (!plain) return stock.kernelFunc(call);
    const at = axis < 0 ? axis + x.shape.length : axis;
    return gather(x, indices, { at, batchDims: batchDims ?? 0, backend: call.backend as WasmBackend });
  });
}

/** x as "batch outer n inner", indices as "batch chosen": out[batch, outer, i] = x[batch, outer, indices[batch, i]], runs of inner elements. */
function gather(
  x: tf.TensorInfo,
  indices: tf.TensorInfo,
  { at, batchDims, backend }: { readonly at: number; readonly batchDims: number; readonly backend: WasmBackend },
): tf.TensorInfo {
  const [batch, outer, n, inner] = [
    x.shape.slice(0, batchDims),
    x.shape.slice(batchDims, at),
    x.shape.slice(at, at + 1),
    x.shape.slice(at + 1),
  ].map((axes) => tf.util.sizeFromShape(axes)) as [number, number, number, number];
  const perBatch = indices.shape.slice(batchDims);
  const chosen = tf.util.sizeFromShape(perBatch);
  const out = backend.makeOutput([...x.shape.slice(0, at), ...perBatch, ...x.shape.slice(at + 1)], x.dtype);
  // Views only after the last allocation: growth empties them.
  const from = backend.typedArrayFromHeap(x);
  const to = backend.typedArrayFromHeap(out);
  const rows = backend.typedArrayFromHeap(indices);
  const bad = rows.findIndex((row) => row < 0 || row >= n);
  if (bad >= 0) {
    backend.disposeData(out.dataId);
    throw new ShapeError(
      `gather: no such row. Got ${rows[bad]} at ${bad}, expected 0 to ${n - 1}. Check the indices against the table's rows.`,
      { row: rows[bad], at: bad, rowCount: n },
    );
  }
  // `!`: every row lies within the table, by the check above.
  let end = 0;
  for (let part = 0; part < batch * outer; part++) {
    const first = Math.floor(part / outer) * chosen;
    for (let i = 0; i < chosen; i++, end += inner) {
      const start = (part * n + rows[first + i]!) * inner;
      if (inner > 8) to.set(from.subarray(start, start + inner), end);
      else for (let j = 0; j < inner; j++) to[end + j] = from[start + j]!;
    }
  }
  return out;
}
