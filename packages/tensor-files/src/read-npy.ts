import { FormatError } from "@kindred/errors";
import { gatherStrided } from "./gather-strided.ts";
import { byteLength, dtypeBits, type NamedTensor } from "./named-tensor.ts";
import { parseNpyDescription, parseNpyHeader } from "./npy-header.ts";
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
  if (!isFortranOrder) return { dtype, shape, bytes: littleEndian };
  const strides = columnMajorStrides(shape);
  return { dtype, shape, bytes: gatherStrided(littleEndian, { shape, strides, width: dtypeBits[dtype] / 8 }) };
}

function reverseGroups(bytes: Uint8Array, width: number): Uint8Array {
  const swapped = new Uint8Array(bytes);
  for (let at = 0; at < swapped.length; at += width) swapped.subarray(at, at + width).reverse();
  return swapped;
}

/** How far neighbours along each axis lie from each other where the first index runs fastest. */
function columnMajorStrides(shape: readonly number[]): number[] {
  let next = 1;
  return shape.map((size) => {
    const stride = next;
    next *= size;
    return stride;
  });
}
