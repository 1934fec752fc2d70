import type { ParameterShards } from "./parameter-shards.ts";
import { sharedArrays } from "./shared-arrays.ts";

/** The shared memory of a {@link parameterExchange}: one flat vector of weights, and one of gradients for each core. */
export type ExchangeMemory = { readonly weights: Float32Array; readonly gradients: readonly Float32Array[] };

/**
 * Shared memory for {@link parameterExchange}, made on main: 4 · (cores + 1) bytes a parameter element.
 *
 * Fill the weights (`parameterViews(shards, memory.weights)`) before the mesh starts, and pass it to the cores in `data`.
 *
 * @example
 * ```ts
 * import { exchangeMemory, parameterShards, parameterViews } from "@kindred/tpu-sharding";
 *
 * const shards = parameterShards({ weight: 2, bias: 1 }, 2);
 * const memory = exchangeMemory(shards);
 * parameterViews(shards, memory.weights).weight.set([3, 4]);
 * memory.weights; // => [3, 4, 0]
 * memory.gradients.length; // => 2
 * ```
 */
export function exchangeMemory({ length, shards }: ParameterShards): ExchangeMemory {
  const vector = () => sharedArrays({ vector: length }).vector;
  return { weights: vector(), gradients: shards.map(vector) };
}
