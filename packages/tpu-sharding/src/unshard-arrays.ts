import { ShapeError } from "@kindred/errors";
import { arrayLike } from "./arrays/element-type.ts";
import type { NumericArray } from "./numeric-array.ts";
import { cutAxis, elementCount, runsOf } from "./partition/cut-axis.ts";

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
  const parts = shards.map((_, index) => runsOf(cut, shards.length, index));
  const expected = parts.map(({ length, runs }) => length * runs.length);
  if (shards.length === 0 || shards.some((shard, index) => shard.length !== expected[index])) {
    throw new ShapeError(
      `unshardArrays: the parts do not fit the shape. Got ${shards.length} of [${shards.map((shard) => shard.length)}] elements ` +
        `for "${spec}" = [${shape}], expected [${expected}].`,
      { shape, lengths: shards.map((shard) => shard.length) },
    );
  }
  const whole = arrayLike(shards[0]!, elementCount(cut));
  parts.forEach(({ length, runs }, index) => {
    for (const run of runs) whole.set(shards[index]!.subarray(run.shard, run.shard + length), run.whole);
  });
  return whole;
}
