import { dtypeBits } from "../dtype.ts";
import type { TensorValue } from "./checkpoint-value.ts";

/** Where in its storage, in bytes, the first element of a view begins and how far its last one reaches from there. */
export function viewSpan({ dtype, shape, strides, offset }: TensorValue): { begin: number; length: number } {
  const width = dtypeBits[dtype] / 8;
  if (shape.includes(0)) return { begin: 0, length: 0 };
  const last = shape.reduce((sum, size, axis) => sum + (size - 1) * strides[axis]!, 0);
  return { begin: offset * width, length: (last + 1) * width };
}

/**
 * The elements of a view in row-major order. One that lies in that order already is given as it is, without a copy.
 *
 * @param span the bytes of the view's storage at {@link viewSpan}
 */
export function gatherView({ dtype, shape, strides }: TensorValue, span: Uint8Array): Uint8Array {
  if (span.length === 0 || isRowMajor(shape, strides)) return span;
  const width = dtypeBits[dtype] / 8;
  const elements = shape.reduce((product, size) => product * size, 1);
  const result = new Uint8Array(elements * width);
  const index = shape.map(() => 0);
  let from = 0;
  for (let to = 0; to < result.length; to += width) {
    for (let i = 0; i < width; i++) result[to + i] = span[from + i]!;
    // The next index, last axis fastest, and the element it stands for.
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis]! += 1;
      from += strides[axis]! * width;
      if (index[axis]! < shape[axis]!) break;
      from -= shape[axis]! * strides[axis]! * width;
      index[axis] = 0;
    }
  }
  return result;
}

function isRowMajor(shape: readonly number[], strides: readonly number[]): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== expected) return false; // the stride of an axis of one element is never used
    expected *= shape[axis]!;
  }
  return true;
}
