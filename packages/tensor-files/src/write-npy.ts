import { ShapeError } from "@kindred/errors";
import { type Dtype, expectTensor, type NamedTensor } from "./named-tensor.ts";
import { formatNpyHeader, npyDescription } from "./npy-header.ts";

/**
 * What stands before the numbers of an .npy file, version 1, row-major: as many bytes, however large the first size is.
 *
 * @throws ShapeError for more sizes than a version 1 header has room for, or for a dtype that NumPy has not: BF16 and floats of eight bits
 *   and fewer
 *
 * @example
 * ```ts
 * import { npyHead } from "@kindred/tensor-files";
 *
 * npyHead("F32", [1, 384]).length === npyHead("F32", [1_000_000, 384]).length; // => true
 * ```
 */
export function npyHead(dtype: Dtype, shape: readonly number[]): Uint8Array {
  const description = npyDescription(dtype);
  if (description === undefined) {
    throw new ShapeError(
      `writeNpy: NumPy has no such dtype. Got ${dtype}, expected F64, F32, F16, C64, an integer or BOOL.`,
      { dtype },
    );
  }
  const header = formatNpyHeader(description, shape);
  if (header.length <= 65536) return header;
  throw new ShapeError(`writeNpy: too many axes. Got ${shape.length}, expected a shape of at most 65,000 letters.`);
}

/**
 * The bytes of an .npy file, version 1, row-major and little-endian: what `numpy.save` writes for the same array.
 *
 * @throws ShapeError if the bytes do not fit the shape, for more sizes than a version 1 header has room for, or for a
 *   dtype that NumPy has not: BF16 and floats of eight bits and fewer
 * @see NumPy documentation, numpy.lib.format
 *
 * @example
 * ```ts
 * import { fromFloat32, writeNpy } from "@kindred/tensor-files";
 *
 * const bytes = writeNpy(fromFloat32([1, 2], [2]));
 * new TextDecoder().decode(bytes.subarray(10, -8)).trim(); // => "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }"
 * ```
 */
export function writeNpy(tensor: NamedTensor): Uint8Array {
  expectTensor("writeNpy", "the tensor", tensor);
  const header = npyHead(tensor.dtype, tensor.shape);
  const bytes = new Uint8Array(header.length + tensor.bytes.length);
  bytes.set(header);
  bytes.set(tensor.bytes, header.length);
  return bytes;
}
