import { ShapeError } from "@kindred/errors";
import { bfloat16ToFloat32, float16ToFloat32, float32ToBfloat16, float32ToFloat16 } from "./half-floats.ts";

/**
 * How one element is stored, in safetensors' names: `F` float, `I` signed, `U` unsigned, `C` complex, with the width in
 * bits. `F8_E4M3` has four bits of exponent and three of mantissa. Elements are little-endian; `BOOL` is one byte.
 */
export type Dtype =
  | "BOOL"
  | "F4"
  | "F6_E2M3"
  | "F6_E3M2"
  | "U8"
  | "I8"
  | "F8_E5M2"
  | "F8_E4M3"
  | "F8_E8M0"
  | "F8_E4M3FNUZ"
  | "F8_E5M2FNUZ"
  | "I16"
  | "U16"
  | "F16"
  | "BF16"
  | "I32"
  | "U32"
  | "F32"
  | "C64"
  | "F64"
  | "I64"
  | "U64";

/**
 * Every dtype and its width in bits, in the order of safetensors' own list, by which files are sorted: wider ones
 * first, so that each tensor begins at a multiple of its element's size.
 */
export const dtypeBits: { readonly [D in Dtype]: number } = {
  BOOL: 8,
  F4: 4,
  F6_E2M3: 6,
  F6_E3M2: 6,
  U8: 8,
  I8: 8,
  F8_E5M2: 8,
  F8_E4M3: 8,
  F8_E8M0: 8,
  F8_E4M3FNUZ: 8,
  F8_E5M2FNUZ: 8,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  C64: 64,
  F64: 64,
  I64: 64,
  U64: 64,
};

/** Whether a file's word for a dtype is one. */
export function isDtype(name: string): name is Dtype {
  return Object.hasOwn(dtypeBits, name);
}

/**
 * A tensor as it lies in a file: element type, shape, and its bytes, row-major and little-endian. A scalar has the
 * shape [].
 */
export type NamedTensor = {
  /** How each element is stored. */
  readonly dtype: Dtype;
  /** Sizes of the axes, outermost first. */
  readonly shape: readonly number[];
  /** The elements. After a read this is a view of the file's bytes, at any alignment. */
  readonly bytes: Uint8Array;
};

/** What a file says of a tensor, before its elements are read. */
export type TensorSummary = Pick<NamedTensor, "dtype" | "shape"> & { readonly byteLength: number };

/** Refuses a tensor whose bytes are not as many as dtype and shape say. */
export function expectTensor(functionName: string, name: string, { dtype, shape, bytes }: NamedTensor): void {
  const expected = byteLength(dtype, shape);
  if (expected === bytes.length) return;
  const rule = typeof expected === "number" ? `expected ${expected} bytes` : `but ${expected}`;
  throw new ShapeError(
    `${functionName}: ${name} does not fit its shape. Got ${bytes.length} bytes for ${dtype} [${shape.join(", ")}], ${rule}.`,
    { name, dtype, shape, bytes: bytes.length },
  );
}

/**
 * How many bytes a tensor takes, or why there is no such number.
 *
 * Overflow-safe: sizes above 2⁵³ − 1 bytes, which no file here can have, are refused before a product loses digits. A
 * shape with a 0 in it takes no bytes, whatever else it says; an empty shape is a scalar.
 *
 * @returns the number, or the reason as the end of a sentence
 */
export function byteLength(dtype: Dtype, shape: readonly number[]): number | string {
  let elements = 1;
  for (const size of shape) {
    if (!Number.isSafeInteger(size) || size < 0) return `size ${size} is not an integer of at least 0, below 2^53`;
    elements *= size;
  }
  // Each factor is an exact integer, so the product, exact or rounded (∞·0 = NaN included), is safe only if the true
  // one is, or one size is 0.
  if (shape.includes(0)) return 0;
  const bits = elements * dtypeBits[dtype];
  if (!(bits / 8 <= Number.MAX_SAFE_INTEGER)) return "its size overflows: more than 2^53 bytes";
  return bits % 8 === 0 ? bits / 8 : `its ${bits} bits do not fill whole bytes`;
}

/**
 * A tensor's elements as float32, row-major, in an array of their own unless `copy` is false.
 *
 * F32, F16, BF16 and integers below 2²⁴ are exact (F32 keeps the bits of NaN); F64 and larger integers are rounded to
 * nearest, ties to even (64-bit integers over float64, so twice). BOOL gives 0 and 1. Eight-bit and smaller floats and
 * complex numbers are refused.
 *
 * @param copy with false, F32 elements at a multiple of four bytes are given as a view of the tensor's own. Default
 * true
 * @throws ShapeError if the bytes do not fit the shape, or for a dtype that is refused
 *
 * @example
 * ```ts
 * import { toFloat32 } from "@kindred/tensor-files";
 *
 * toFloat32({ dtype: "I16", shape: [2], bytes: Uint8Array.of(1, 0, 255, 255) }); // => [1, -1]
 * ```
 */
export function toFloat32(tensor: NamedTensor, { copy = true }: { readonly copy?: boolean } = {}): Float32Array {
  expectTensor("toFloat32", "the tensor", tensor);
  const { bytes } = tensor;
  if (!copy && tensor.dtype === "F32" && bytes.byteOffset % 4 === 0)
    return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  // A copy has an aligned buffer of its own. Typed arrays are little-endian on every machine that runs JavaScript
  // engines with WebAssembly.
  const { buffer } = new Uint8Array(bytes);
  switch (tensor.dtype) {
    case "F32":
      return new Float32Array(buffer);
    case "F64":
      return new Float32Array(new Float64Array(buffer));
    case "F16":
      return float16ToFloat32(new Uint16Array(buffer));
    case "BF16":
      return bfloat16ToFloat32(new Uint16Array(buffer));
    case "I64":
      return Float32Array.from(new BigInt64Array(buffer), Number);
    case "U64":
      return Float32Array.from(new BigUint64Array(buffer), Number);
    case "I32":
      return new Float32Array(new Int32Array(buffer));
    case "U32":
      return new Float32Array(new Uint32Array(buffer));
    case "I16":
      return new Float32Array(new Int16Array(buffer));
    case "U16":
      return new Float32Array(new Uint16Array(buffer));
    case "I8":
      return new Float32Array(new Int8Array(buffer));
    case "U8":
      return new Float32Array(new Uint8Array(buffer));
    case "BOOL":
      return Float32Array.from(new Uint8Array(buffer), (byte) => (byte === 0 ? 0 : 1));
    default:
      throw new ShapeError(
        `toFloat32: no float32 values for this dtype. Got ${tensor.dtype}, expected F64, F32, F16, BF16, an integer or BOOL.`,
        { dtype: tensor.dtype },
      );
  }
}

/**
 * A tensor for a file, made from float32 values in row-major order.
 *
 * F32 and F64 are exact; F16 and BF16 round to nearest, ties to even, as PyTorch does: beyond 65,504 F16 has only
 * infinity, below 3e-8 only 0. The bytes are a copy, so that the values may change afterwards, unless `copy` is false.
 *
 * @param values as many as the shape has elements; plain numbers are rounded to float32 first
 * @param shape sizes of the axes, [] for a scalar
 * @param dtype how to store them. Default "F32"
 * @param options with `copy` false, F32 bytes are a view of a `Float32Array`: for what is written before it changes
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
  { copy = true }: { readonly copy?: boolean } = {},
): NamedTensor {
  const narrow = values instanceof Float32Array ? values : new Float32Array(values);
  if (!copy && dtype === "F32") {
    const view = {
      dtype,
      shape: [...shape],
      bytes: new Uint8Array(narrow.buffer, narrow.byteOffset, narrow.byteLength),
    };
    expectTensor("fromFloat32", `the array of ${values.length} values`, view);
    return view;
  }
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
