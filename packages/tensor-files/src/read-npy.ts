import { FormatError } from "@kindred/errors";
import { byteLength } from "./byte-length.ts";
import { dtypeBits } from "./dtype.ts";
import type { NamedTensor } from "./named-tensor.ts";
import { parseNpyDescription } from "./npy-dtype.ts";
import { parseNpyHeader } from "./npy-header.ts";
import type { ReadOptions } from "./read-safetensors.ts";

/**
 * The array in the bytes of an .npy file (versions 1, 2 and 3), row-major and little-endian whatever it was.
 *
 * Row-major little-endian data comes as a view; big-endian data is byte-swapped and Fortran-order data transposed, in a
 * copy. Bytes after the array are refused (NumPy ignores them), as are arrays of objects, which are pickles, of text,
 * dates and records.
 *
 * @throws FormatError naming file, byte offset and the broken rule; no other error, whatever the bytes
 * @see NumPy documentation, numpy.lib.format
 *
 * @example
 * ```ts
 * import { fromFloat32, readNpy, toFloat32, writeNpy } from "@kindred/tensor-files";
 *
 * const array = readNpy(writeNpy(fromFloat32([1, 2, 3, 4, 5, 6], [2, 3])), { file: "rows.npy" });
 * array.shape; // => [2, 3]
 * toFloat32(array); // => [1, 2, 3, 4, 5, 6]
 * ```
 */
export function readNpy(bytes: Uint8Array, { file = "(bytes)" }: ReadOptions = {}): NamedTensor {
  const { description, isFortranOrder, shape, dataOffset } = parseNpyHeader(bytes, file);
  const elements = parseNpyDescription(description);
  if (elements === undefined) {
    throw new FormatError(
      { file, offset: 10 },
      `element type not supported. Got '${description}', expected f2 … f8, i1 … i8, u1 … u8, b1 or c8 with < or >.`,
      { description },
    );
  }
  const { dtype, reversedBytes } = elements;
  const expected = byteLength(dtype, shape);
  const data = bytes.subarray(dataOffset);
  if (expected !== data.length) {
    const rule = typeof expected === "string" ? expected : `expected ${expected}`;
    const what = `'${description}' (${shape.join(", ")})`;
    throw new FormatError(
      { file, offset: dataOffset },
      `data do not fit the shape. Got ${data.length} bytes for ${what}: ${rule}.`,
    );
  }
  const littleEndian = reversedBytes === 1 ? data : reverseGroups(data, reversedBytes);
  return { dtype, shape, bytes: isFortranOrder ? transposed(littleEndian, shape, dtypeBits[dtype] / 8) : littleEndian };
}

function reverseGroups(bytes: Uint8Array, width: number): Uint8Array {
  const swapped = new Uint8Array(bytes);
  for (let at = 0; at < swapped.length; at += width) swapped.subarray(at, at + width).reverse();
  return swapped;
}

/** Column-major elements in row-major order: the last index runs fastest in the result, the first in the source. */
function transposed(bytes: Uint8Array, shape: readonly number[], width: number): Uint8Array {
  const result = new Uint8Array(bytes.length);
  const index = shape.map(() => 0);
  for (let to = 0; to < result.length; to += width) {
    let from = 0;
    for (let axis = shape.length - 1; axis >= 0; axis--) from = from * shape[axis]! + index[axis]!;
    for (let i = 0; i < width; i++) result[to + i] = bytes[from * width + i]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis]! += 1;
      if (index[axis]! < shape[axis]!) break;
      index[axis] = 0;
    }
  }
  return result;
}
