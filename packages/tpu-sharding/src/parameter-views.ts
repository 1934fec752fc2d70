import { ShapeError } from "@kindred/errors";
import type { ParameterShards } from "./parameter-shards.ts";

/** Arrays by parameter name. */
export type NamedArrays = Readonly<Record<string, Float32Array>>;

/**
 * The parameters in a flat vector, by name, as views: writing to one writes to the vector.
 *
 * With `core`, only what that core owns: a parameter cut between cores appears with its own elements alone, one of which it
 * owns nothing not at all.
 *
 * @throws ShapeError if the vector has another length than the shards, or there is no such core.
 *
 * @example
 * ```ts
 * import { parameterShards, parameterViews } from "@kindred/tpu-sharding";
 *
 * const shards = parameterShards({ weight: 6, bias: 2 }, 2);
 * const flat = Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8);
 * parameterViews(shards, flat).bias; // => [7, 8]
 * parameterViews(shards, flat, { core: 1 }).weight; // => [5, 6]
 * ```
 */
export function parameterViews(
  shards: ParameterShards,
  vector: Float32Array,
  { core }: { readonly core?: number } = {},
): NamedArrays {
  const pieces = core === undefined ? shards.parameters : shards.shards[core]?.pieces;
  if (pieces === undefined || vector.length !== shards.length) {
    throw new ShapeError(
      `parameterViews: the vector does not fit. Got ${vector.length} elements and core ${core ?? "(all)"}, ` +
        `expected ${shards.length} and a core below ${shards.shards.length}.`,
      { length: vector.length, core },
    );
  }
  return Object.fromEntries(
    pieces.map(({ name, start, length }) => [name, vector.subarray(start, start + length)] as const),
  );
}
