import { ShapeError } from "@kindred/errors";
import type * as tf from "@tensorflow/tfjs-core";
import { replaceKernel } from "./implement.ts";
import type { WasmBackend } from "./wasm-backend.ts";

/**
 * Gives wasm the `UnsortedSegmentSum` kernel, which it lacks: row i of x is added to row `segmentIds[i]` of the result. Rows whose
 * id is no segment are left out, as on `cpu`. Segment ids of one axis only.
 */
export function addUnsortedSegmentSum(): void {
  replaceKernel("UnsortedSegmentSum", "wasm", (call) => {
    const { x, segmentIds } = call.inputs as { x: tf.TensorInfo; segmentIds: tf.TensorInfo };
    const { numSegments } = call.attrs as unknown as { numSegments: number };
    const backend = call.backend as WasmBackend;
    if (segmentIds.shape.length !== 1 || segmentIds.shape[0] !== x.shape[0]) {
      throw new ShapeError(
        `unsortedSegmentSum: ids do not number the rows. Got ids [${segmentIds.shape.join(", ")}] for x [${x.shape.join(", ")}], ` +
          "expected one id a row. Reshape both to one axis of rows.",
        { segmentIds: segmentIds.shape, x: x.shape },
      );
    }
    const rowShape = x.shape.slice(1);
    const out = backend.makeOutput([numSegments, ...rowShape], x.dtype);
    const sums = backend.typedArrayFromHeap(out).fill(0);
    const values = backend.typedArrayFromHeap(x);
    const ids = backend.typedArrayFromHeap(segmentIds);
    const size = rowShape.reduce((product, length) => product * length, 1);
    for (let i = 0; i < ids.length; i++) {
      const segment = ids[i]!;
      if (segment < 0 || segment >= numSegments) continue;
      for (let j = 0; j < size; j++) sums[segment * size + j]! += values[i * size + j]!;
    }
    return out;
  });
}
