import { ShapeError } from "@kindred/errors";

/** The typed arrays that collectives carry. */
export type NumericArray = Float32Array | Float64Array | Int32Array | Uint32Array | Uint8Array;

/** The element types, by their number in a ticket. */
export const elementTypes = [Float32Array, Float64Array, Int32Array, Uint32Array, Uint8Array] as const;
/** The constructor of one of the typed arrays. */
export type ElementType = (typeof elementTypes)[number];

/** An array's element type; a `ShapeError` names any type that is not carried. */
export function elementTypeOf(functionName: string, array: NumericArray): ElementType {
  const name = array[Symbol.toStringTag];
  const type = elementTypes.find((candidate) => candidate.name === name);
  if (type !== undefined) return type;
  const known = elementTypes.map((candidate) => candidate.name).join(", ");
  throw new ShapeError(`${functionName}: this type of array is not carried. Got ${name}, expected one of ${known}.`);
}

/** A view of shared memory as elements of one type. */
export function viewOf(
  type: ElementType,
  buffer: SharedArrayBuffer,
  { start, bytes }: { readonly start: number; readonly bytes: number },
): NumericArray {
  // The compiler picks one constructor of the five, for which shared memory is no ArrayBuffer; all five take it.
  return new type(buffer as unknown as ArrayBuffer, start, Math.floor(bytes / type.BYTES_PER_ELEMENT));
}

/** `into` if it has the right length, or else a new array of the same type as `array`. */
export function resultArray<T extends NumericArray>(
  functionName: string,
  array: T,
  { length, into }: { readonly length: number; readonly into?: T | undefined },
): T {
  if (into === undefined) return new (array.constructor as new (length: number) => T)(length);
  if (into.length === length) return into;
  throw new ShapeError(
    `${functionName}: \`into\` does not fit the result. Got ${into.length} elements, expected ${length}.`,
    { into: into.length, length },
  );
}

/**
 * `out[i] = sources[0][i] + sources[1][i] + …` for i < out.length, added in that order in float64 and rounded once.
 *
 * The result depends on the values and their order alone, so it repeats bit for bit. `out` may be one of the sources, each of which has
 * at least as many elements.
 *
 * @example
 * ```ts
 * import { sumArrays } from "@kindred/mesh";
 *
 * const out = new Float32Array(2);
 * sumArrays(out, [Float32Array.of(1, 2), Float32Array.of(10, 20)]);
 * out; // => [11, 22]
 * ```
 */
export function sumArrays(out: NumericArray, sources: readonly NumericArray[]): void {
  const [first, second, ...others] = sources;
  if (first === undefined) out.fill(0);
  else if (second === undefined) out.set(first);
  else if (others.length === 0) sumTwo(out, first, second);
  else sumMany(out, first, [second, ...others]);
}

/** The loop below takes three times as long for two. In both, every index is below a length that the sources have. */
function sumTwo(out: NumericArray, a: NumericArray, b: NumericArray): void {
  for (let i = 0; i < out.length; i++) out[i] = a[i]! + b[i]!; // see above
}

function sumMany(out: NumericArray, first: NumericArray, others: readonly NumericArray[]): void {
  for (let i = 0; i < out.length; i++) {
    let sum = first[i]!; // see sumTwo
    for (let other = 0; other < others.length; other++) sum += others[other]![i]!; // see sumTwo
    out[i] = sum;
  }
}
