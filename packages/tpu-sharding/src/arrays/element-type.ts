import { ShapeError } from "@kindred/errors";
import type { NumericArray } from "../numeric-array.ts";

/** The element types by their number in a {@link Ticket}. */
export const elementTypes = [Float32Array, Float64Array, Int32Array, Uint32Array, Uint8Array] as const;

/** The number of an array's element type in {@link elementTypes}; a `ShapeError` names any other type. */
export function elementTypeOf(functionName: string, array: NumericArray): number {
  const name = array[Symbol.toStringTag];
  const number = elementTypes.findIndex((type) => type.name === name);
  if (number >= 0) return number;
  const known = elementTypes.map((type) => type.name).join(", ");
  throw new ShapeError(`${functionName}: this type of array is not carried. Got ${name}, expected one of ${known}.`);
}

/** A new array of the same type. */
export function arrayLike<T extends NumericArray>(array: T, length: number): T {
  return new (array.constructor as new (length: number) => T)(length);
}

/** A view of shared memory as elements of one type. */
export function viewOf(type: number, buffer: SharedArrayBuffer, place: { start: number; bytes: number }): NumericArray {
  const View = elementTypes[type]!;
  // The compiler picks one constructor of the five, for which shared memory is no ArrayBuffer; all five take it.
  return new View(buffer as unknown as ArrayBuffer, place.start, Math.floor(place.bytes / View.BYTES_PER_ELEMENT));
}
