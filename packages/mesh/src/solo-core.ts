import type { Core, Into } from "./core.ts";
import { checkedCounts, resultArray } from "./mesh-core.ts";
import { elementTypeOf, type NumericArray } from "./mesh-memory.ts";

/**
 * A mesh of one core, in the thread that asks: every collective gives (a copy of) its argument, and nothing waits.
 *
 * It needs neither workers nor SharedArrayBuffer, so a program written for a mesh also runs where there is none.
 *
 * @param post receives the messages of `core.post`; by default they are dropped.
 *
 * @example
 * ```ts
 * import { soloCore } from "@kindred/mesh";
 *
 * const core = soloCore();
 * core.size; // => 1
 * core.allGather(Float32Array.of(1, 2)); // => [1, 2]
 * ```
 */
export function soloCore(post: (message: unknown) => void = () => {}): Core {
  function copy<T extends NumericArray>(functionName: string, array: T, into?: T): T {
    elementTypeOf(functionName, array); // refuses what a larger mesh would refuse
    const out = resultArray(functionName, array, { length: array.length, into });
    out.set(array);
    return out;
  }
  return Object.freeze({
    index: 0,
    size: 1,
    barrier: () => {},
    broadcast: <T extends NumericArray>(array: T) => array,
    allReduce: <T extends NumericArray>(array: T, { into }: Into<T> = {}) => copy("allReduce", array, into),
    reduceScatter: <T extends NumericArray>(
      array: T,
      { counts, into }: Into<T> & { readonly counts?: ArrayLike<number> } = {},
    ) => {
      if (counts !== undefined) checkedCounts(counts, array.length, 1);
      return copy("reduceScatter", array, into);
    },
    allGather: <T extends NumericArray>(array: T, { into }: Into<T> = {}) => copy("allGather", array, into),
    allReduceScalar: (value: number) => value,
    allGatherScalar: (value: number) => Float64Array.of(value),
    post,
  });
}
