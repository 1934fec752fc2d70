import { ShapeError } from "@kindred/errors";
import { arrayLike } from "./arrays/element-type.ts";
import type { NumericArray } from "./numeric-array.ts";
import { cutAxis, elementCount, runsOf } from "./partition/cut-axis.ts";

/**
 * The part of an array that each core holds, by a partition spec: {@link unshardArrays} puts them together again.
 *
 * The cut axis is dealt as {@link shardRows} says; without a cut axis every core gets a copy of the whole.
 *
 * @throws ShapeError if spec, shape and length do not fit together.
 *
 * @example
 * ```ts
 * import { shardArray } from "@kindred/tpu-sharding";
 *
 * const rows = Float32Array.of(1, 2, 3, 4, 5, 6);
 * const [first, second] = shardArray(rows, "batch@data hidden", { shape: [3, 2], cores: 2 });
 * first; // => [1, 2, 3, 4]
 * second; // => [5, 6]
 * ```
 */
export function shardArray<T extends NumericArray>(
  array: T,
  spec: string,
  { shape, cores }: { readonly shape: readonly number[]; readonly cores: number },
): T[] {
  const cut = cutAxis("shardArray", spec, shape);
  if (elementCount(cut) !== array.length) {
    throw new ShapeError(
      `shardArray: the shape does not fit the array. Got [${shape}] for ${array.length} elements, expected ${elementCount(cut)}.`,
      { shape, length: array.length },
    );
  }
  return Array.from({ length: cores }, (_, index) => {
    const { length, runs } = runsOf(cut, cores, index);
    const shard = arrayLike(array, length * runs.length);
    for (const run of runs) shard.set(array.subarray(run.whole, run.whole + length), run.shard);
    return shard;
  });
}
