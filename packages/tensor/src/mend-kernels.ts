import { ShapeError } from "@kindred/errors";
import * as tf from "@tensorflow/tfjs-core";
import { replaceGather } from "./gather.ts";
import { replaceKernel } from "./implement.ts";
import type { WasmBackend } from "./wasm-backend.ts";

/** Puts kernels of tfjs's wasm backend right that are missing, wrong or wasteful. */
export function mendKernels(): void {
  shareIdentity();
  addUnsortedSegmentSum();
  countAxesFromZero();
  replaceGather();
}

/**
 * Lets `Identity` share its input's memory, as on `cpu`. tfjs's own copies it, and the tape saves through it: every tensor saved for a
 * gradient, weights included, would be in memory twice.
 */
function shareIdentity(): void {
  replaceKernel("Identity", "wasm", ({ inputs, backend }) => {
    const { x } = inputs;
    if (x === undefined) throw new ShapeError("identity: no tensor. Got none, expected x. Give it one.");
    (backend as WasmBackend).incRef(x.dataId);
    return { dataId: x.dataId, shape: x.shape, dtype: x.dtype };
  });
}

/** Lets `cumsum` and `cumprod` count negative axes from the end. tfjs's own write over other tensors' memory then, or never end. */
function countAxesFromZero(): void {
  for (const name of ["Cumsum", "Cumprod"]) {
    const stock = tf.getKernel(name, "wasm");
    replaceKernel(name, "wasm", (call) => {
      const { axis = 0 } = call.attrs as { axis?: number };
      const rank = call.inputs["x"]?.shape.length ?? 0;
      if (axis < -rank || axis >= rank) {
        throw new ShapeError(
          `${name.toLowerCase()}: no such axis. Got ${axis} of ${rank} axes, expected ${-rank} to ${rank - 1}. Give a scalar an axis first.`,
          { axis, rank },
        );
      }
      return stock.kernelFunc({ ...call, attrs: { ...call.attrs, axis: axis < 0 ? axis + rank : axis } });
    });
  }
}

/**
 * Gives wasm the `UnsortedSegmentSum` kernel, which it lacks: row i of x is added to row `segmentIds[i]` of the result. Rows whose
 * id is no segment are left out, as on `cpu`. Segment ids of one axis only.
 */
function addUnsortedSegmentSum(): void {
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
    // `!`: all indices below lie within the two tensors: one id a row, and segments that are there.
    for (let i = 0; i < ids.length; i++) {
      const segment = ids[i]!;
      if (segment < 0 || segment >= numSegments) continue;
      for (let j = 0; j < size; j++) sums[segment * size + j]! += values[i * size + j]!;
    }
    return out;
  });
}
