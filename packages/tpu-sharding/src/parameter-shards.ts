import { ShapeError } from "@kindred/errors";
import { shardRows } from "@kindred/mesh";

/** Elements of one parameter that one core owns: from element `offset` of the parameter, at `start` of the flat vector. */
export type ParameterPiece = {
  readonly name: string;
  readonly offset: number;
  readonly start: number;
  readonly length: number;
};

/** What one core owns: a contiguous range of the flat vector, and the pieces of parameters that lie in it. */
export type ParameterShard = {
  readonly start: number;
  readonly length: number;
  readonly pieces: readonly ParameterPiece[];
};

/** A division of all parameters among the cores. Plain data: made on main, posted to every core. */
export type ParameterShards = {
  /** Elements of the flat vector: all parameters end to end, in the order in which they were named. */
  readonly length: number;
  /** Every parameter, whole. */
  readonly parameters: readonly ParameterPiece[];
  /** One a core. */
  readonly shards: readonly ParameterShard[];
};

/**
 * Divides the parameters among the cores, element by element: each core owns one contiguous range of all parameters laid end to
 * end, equal to one element. It sums the gradients of its range, keeps its moments and updates its weights.
 *
 * A parameter may be cut between two cores (AdamW looks at each element by itself), and with more cores than elements the last
 * cores own nothing.
 *
 * @param sizesByName elements of each parameter.
 *
 * @see Rajbhandari et al. 2020, "ZeRO: Memory Optimizations Toward Training Trillion Parameter Models", §5.1 (optimizer state
 *   partitioning), with contiguous ranges as there.
 *
 * @example
 * ```ts
 * import { parameterShards } from "@kindred/tpu-sharding";
 *
 * const { shards } = parameterShards({ weight: 6, bias: 2 }, 2);
 * shards[1].pieces; // => [{ name: "weight", offset: 4, start: 4, length: 2 }, { name: "bias", offset: 0, start: 6, length: 2 }]
 * ```
 */
export function parameterShards(sizesByName: Readonly<Record<string, number>>, cores: number): ParameterShards {
  const parameters: ParameterPiece[] = [];
  let length = 0;
  for (const [name, size] of Object.entries(sizesByName)) {
    parameters.push({ name, offset: 0, start: length, length: size });
    length += size;
  }
  const shards = Array.from({ length: cores }, (_, index) => {
    const { start, count } = shardRows(length, cores, index);
    return { start, length: count, pieces: parameters.flatMap((whole) => cutPiece(whole, start, start + count)) };
  });
  return { length, parameters, shards };
}

function cutPiece({ name, start, length }: ParameterPiece, from: number, to: number): ParameterPiece[] {
  const first = Math.max(start, from);
  const end = Math.min(start + length, to);
  return first < end ? [{ name, offset: first - start, start: first, length: end - first }] : [];
}

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
