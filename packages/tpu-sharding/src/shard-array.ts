import { ShapeError } from "@kindred/errors";
import type { NumericArray } from "@kindred/mesh";
import { cutAxis, elementCount, runsOf } from "./partition-spec.ts";

/**
 * The part of an array that each core holds, by a partition spec: {@link unshardArrays} puts them together again.
 *
 * The cut axis is dealt as `shardRows` of `@kindred/mesh` says; without a cut axis every core gets a copy of the whole.
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

/**
 * The whole array from the parts that the cores hold: the inverse of {@link shardArray}. `shape` is that of the whole.
 *
 * Without a cut axis all parts are the whole, and the first is copied.
 *
 * @throws ShapeError if there are no parts, or if spec, shape and lengths do not fit together.
 *
 * @example
 * ```ts
 * import { unshardArrays } from "@kindred/tpu-sharding";
 *
 * const shards = [Float32Array.of(1, 2, 3, 4), Float32Array.of(5, 6)];
 * unshardArrays(shards, "batch@data hidden", { shape: [3, 2] }); // => [1, 2, 3, 4, 5, 6]
 * ```
 */
export function unshardArrays<T extends NumericArray>(
  shards: readonly T[],
  spec: string,
  { shape }: { readonly shape: readonly number[] },
): T {
  const cut = cutAxis("unshardArrays", spec, shape);
  const expected = shards.map((_, index) => {
    const { length, runs } = runsOf(cut, shards.length, index);
    return length * runs.length;
  });
  const [first] = shards;
  if (first === undefined || shards.some((shard, index) => shard.length !== expected[index])) {
    throw new ShapeError(
      `unshardArrays: the parts do not fit the shape. Got ${shards.length} of [${shards.map((shard) => shard.length)}] elements ` +
        `for "${spec}" = [${shape}], expected [${expected}].`,
      { shape, lengths: shards.map((shard) => shard.length) },
    );
  }
  const whole = arrayLike(first, elementCount(cut));
  for (const [index, shard] of shards.entries()) {
    const { length, runs } = runsOf(cut, shards.length, index);
    for (const run of runs) whole.set(shard.subarray(run.shard, run.shard + length), run.whole);
  }
  return whole;
}

/** A new array of the same type. */
function arrayLike<T extends NumericArray>(array: T, length: number): T {
  return new (array.constructor as new (length: number) => T)(length);
}
