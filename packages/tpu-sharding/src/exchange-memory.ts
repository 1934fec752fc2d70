import type { ParameterShards } from "./parameter-shards.ts";
import { sharedArrays } from "./shared-arrays.ts";
import { type TouchedRows, touchedRows } from "./touched-rows.ts";

/** The shared memory of a {@link parameterExchange}: one flat vector of weights, and one of gradients for each core. */
export type ExchangeMemory = {
  readonly weights: Float32Array;
  /** Zeros before the first step. */
  readonly gradients: readonly Float32Array[];
  /** From {@link touchedRows}: the parameters of whose gradients only touched rows are cleared and summed. Default: none. */
  readonly tables?: Readonly<Record<string, TouchedRows>>;
};

/**
 * Shared memory for {@link parameterExchange}, made on main: 4 · (cores + 1) bytes a parameter element.
 *
 * Fill the weights (`parameterViews(shards, memory.weights)`) before the mesh starts, and pass it to the cores in `data`.
 * `rowLengths` names the embedding tables, with the elements of a row; by default there is none.
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
export function exchangeMemory(
  shards: ParameterShards,
  { rowLengths = {} }: { readonly rowLengths?: Readonly<Record<string, number>> } = {},
): ExchangeMemory {
  const vector = () => sharedArrays({ vector: shards.length }).vector;
  return { weights: vector(), gradients: shards.shards.map(vector), tables: touchedRows(shards, rowLengths) };
}
