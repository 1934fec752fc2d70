import { shardRows } from "./shard-rows.ts";

/**
 * How many of `count` rows each core gets by {@link shardRows}.
 *
 * @example
 * ```ts
 * import { shardCounts } from "@kindred/tpu-sharding";
 *
 * shardCounts(7, 3); // => [3, 2, 2]
 * ```
 */
export function shardCounts(count: number, cores: number): number[] {
  return Array.from({ length: cores }, (_, index) => shardRows(count, cores, index).count);
}
