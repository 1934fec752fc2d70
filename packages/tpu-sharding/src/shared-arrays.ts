import type { NamedArrays } from "./parameter-views.ts";

/**
 * Zeros in shared memory by name, to pass to the cores in a mesh's `data`: all threads then read and write the same numbers.
 *
 * @param lengthsByName elements of each array.
 *
 * @example
 * ```ts
 * import { parameterShards, sharedArrays } from "@kindred/tpu-sharding";
 *
 * const { length } = parameterShards({ weight: 6, bias: 2 }, 2);
 * const moments = sharedArrays({ first: length, second: length });
 * moments.first; // => [0, 0, 0, 0, 0, 0, 0, 0]
 * ```
 */
export function sharedArrays<Name extends string>(
  lengthsByName: Readonly<Record<Name, number>>,
): Readonly<Record<Name, Float32Array<SharedArrayBuffer>>>;
export function sharedArrays(lengthsByName: Readonly<Record<string, number>>): NamedArrays {
  return Object.fromEntries(
    Object.entries(lengthsByName).map(([name, length]) => [name, new Float32Array(new SharedArrayBuffer(4 * length))]),
  );
}
