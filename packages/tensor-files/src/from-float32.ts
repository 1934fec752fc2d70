import { ShapeError } from "@kindred/errors";
import { float32ToBfloat16, float32ToFloat16 } from "./half-floats.ts";
import { expectTensor, type NamedTensor } from "./named-tensor.ts";

/**
 * A tensor for a file, made from float32 values in row-major order.
 *
 * F32 and F64 are exact; F16 and BF16 round to nearest, ties to even, as PyTorch does: beyond 65,504 F16 has only
 * infinity, below 3e-8 only 0. The bytes are a copy, so that the values may change afterwards.
 *
 * @param values as many as the shape has elements; plain numbers are rounded to float32 first
 * @param shape sizes of the axes, [] for a scalar
 * @param dtype how to store them. Default "F32"
 * @throws ShapeError if there are more or fewer values than the shape has elements
 *
 * @example
 * ```ts
 * import { fromFloat32, toFloat32 } from "@kindred/tensor-files";
 *
 * toFloat32(fromFloat32([1, 1 / 3], [2], "BF16")); // => [1, 0.333984]
 * ```
 */
export function fromFloat32(
  values: ArrayLike<number>,
  shape: readonly number[],
  dtype: "F64" | "F32" | "F16" | "BF16" = "F32",
): NamedTensor {
  const narrow = values instanceof Float32Array ? values : new Float32Array(values);
  const tensor = { dtype, shape: [...shape], bytes: new Uint8Array(store(narrow, dtype).buffer) };
  expectTensor("fromFloat32", `the array of ${values.length} values`, tensor);
  return tensor;
}

function store(values: Float32Array, dtype: "F64" | "F32" | "F16" | "BF16"): Float32Array | Float64Array | Uint16Array {
  switch (dtype) {
    case "F32":
      return values.slice();
    case "F64":
      return new Float64Array(values);
    case "F16":
      return float32ToFloat16(values);
    case "BF16":
      return float32ToBfloat16(values);
    default:
      throw new ShapeError(`fromFloat32: cannot store this dtype. Got ${dtype}, expected F64, F32, F16 or BF16.`, {
        dtype,
      });
  }
}
