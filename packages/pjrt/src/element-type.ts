import { ShapeError } from "@kindred/errors";
import { abi } from "./abi.ts";

/** The type of a tensor's elements, as StableHLO spells it; `i1` is a bool, one byte each. */
export type ElementType = "f32" | "bf16" | "i32" | "ui32" | "i1";

/** Shape and type of a tensor. */
export type TensorSpec = { readonly shape: readonly number[]; readonly type: ElementType };

/** An array that holds a tensor on the host: bfloat16 as its bits, bools as bytes of 0 and 1. */
export type HostArray = Float32Array | Uint16Array | Int32Array | Uint32Array | Uint8Array;

const arrayOf = { f32: Float32Array, bf16: Uint16Array, i32: Int32Array, ui32: Uint32Array, i1: Uint8Array } as const;

/** The number by which PJRT knows a type. */
export function numberOfType(type: ElementType): number {
  return abi.constants[type];
}

/** The type of a number of PJRT's, where it is one of ours. */
export function typeOfNumber(number: number): ElementType | undefined {
  return (Object.keys(arrayOf) as ElementType[]).find((type) => abi.constants[type] === number); // the keys of an object of ours
}

/** `f32[2,3]`. */
export function describeSpec({ shape, type }: TensorSpec): string {
  return `${type}[${shape.join(",")}]`;
}

/**
 * The size of a tensor on the host, in bytes.
 *
 * @example
 * ```ts
 * import { tensorBytes } from "@kindred/pjrt";
 *
 * tensorBytes({ shape: [2, 3], type: "bf16" }); // => 12
 * ```
 */
export function tensorBytes({ shape, type }: TensorSpec): number {
  return elementsOf(shape) * arrayOf[type].BYTES_PER_ELEMENT;
}

/** How many elements a shape has. */
function elementsOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/**
 * Checks that an array can hold a tensor of this shape and type.
 *
 * @throws ShapeError if it is of another class or length, or if its memory may move
 */
export function checkHostArray(functionName: string, array: HostArray, spec: TensorSpec): void {
  const wanted = arrayOf[spec.type];
  const got = `${array?.constructor?.name ?? typeof array}(${array?.length})`;
  const details = { array: got, shape: spec.shape, type: spec.type };
  if (!spec.shape.every((size) => Number.isSafeInteger(size) && size >= 0))
    throw new ShapeError(
      `${functionName}: no shape. Got [${spec.shape.join(", ")}], expected whole numbers from 0.`,
      details,
    );
  if (!(array instanceof wanted) || array.length !== elementsOf(spec.shape))
    throw new ShapeError(
      `${functionName}: the array does not hold a ${describeSpec(spec)}. Got ${got}, expected ${wanted.name}(${elementsOf(spec.shape)}).`,
      details,
    );
  if (array.buffer instanceof ArrayBuffer && (array.buffer as { resizable?: boolean }).resizable === true)
    // newer than the lib's types
    throw new ShapeError(
      `${functionName}: the array's memory may move. Got a resizable ArrayBuffer, expected a fixed one.`,
      details,
    );
}
