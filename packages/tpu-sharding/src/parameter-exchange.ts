import { MeshError, ShapeError } from "@kindred/errors";
import { readInto, toFloat32Array } from "@kindred/tensor";
import type { Tensor } from "@tensorflow/tfjs-core";
import { sumArrays } from "./arrays/sum-arrays.ts";
import type { Core } from "./core.ts";
import type { ExchangeMemory } from "./exchange-memory.ts";
import type { ParameterPiece, ParameterShards } from "./parameter-shards.ts";
import { type NamedArrays, parameterViews } from "./parameter-views.ts";

/** One core's part in exchanging gradients and weights, step by step: add, reduce, update, publish. */
export type ParameterExchange = {
  /**
   * Hands over a gradient of this core, in any order, as soon as it is final. A second one of the same name in the same step is
   * added to the first (micro-batches). What is never handed over counts as zeros.
   */
  addGradient(name: string, gradient: Float32Array | Tensor): void;
  /** This core's own gradients so far, whole, by name, as views: for a norm, or to scale them before they are summed. */
  localGradients(): NamedArrays;
  /** Waits for all cores. Gives the gradients summed over the cores, of the elements that this core owns. */
  reduceGradients(): NamedArrays;
  /** The weights that this core owns, as views on shared memory: update them in place between reduce and publish. */
  readonly ownWeights: NamedArrays;
  /** Waits for all cores. Gives all weights, whole, by name, for reading until the next `reduceGradients`. */
  publishWeights(): NamedArrays;
};

/**
 * Gradients and weights of a data-parallel step through shared memory: reduce-scatter over the flat vector of all parameters,
 * then all-gather of the weights, with each number written once by whom it comes from and read where it is needed.
 *
 * A core writes its gradients into its own vector; after a barrier it sums its shard over the others' vectors, in core order,
 * in float64, rounded once; it updates its shard of the one vector of weights; after a second barrier everybody reads
 * all of it. These two barriers also keep the next step from overwriting what is still being read.
 *
 * @see Rajbhandari et al. 2020, "ZeRO", §5.1. Differs: weights pass through shared memory, so "gather" is a barrier.
 *
 * @throws MeshError from the returned functions if called out of order. {ShapeError} on an unknown name or a wrong length.
 *
 * @example
 * ```ts
 * import { exchangeMemory, parameterExchange, parameterShards, soloCore } from "@kindred/tpu-sharding";
 *
 * const shards = parameterShards({ weight: 2 }, 1);
 * const exchange = parameterExchange(soloCore(), shards, exchangeMemory(shards));
 * exchange.addGradient("weight", Float32Array.of(1, 2));
 * const { weight } = exchange.reduceGradients();
 * exchange.ownWeights.weight.forEach((w, i, own) => { own[i] = w - 0.5 * weight[i]; });
 * exchange.publishWeights().weight; // => [-0.5, -1]
 * ```
 */
export function parameterExchange(core: Core, shards: ParameterShards, memory: ExchangeMemory): ParameterExchange {
  expectFit(core, shards, memory);
  const own = memory.gradients[core.index]!;
  const { start, length } = shards.shards[core.index]!;
  const parameters = new Map(shards.parameters.map((parameter) => [parameter.name, parameter]));
  const weights = parameterViews(shards, memory.weights);
  const gradients = parameterViews(shards, own);
  const ownGradients = parameterViews(shards, own, { core: core.index });
  const given = new Set<string>();
  let reduced = false;

  function expectStage(functionName: string, afterReduce: boolean): void {
    if (reduced === afterReduce) return;
    const stage = afterReduce ? "before reduceGradients" : "between reduceGradients and publishWeights";
    const order = "expected addGradient …, reduceGradients, publishWeights, again and again";
    throw new MeshError(core.index, `${functionName}: not now. Got a call ${stage}, ${order}.`);
  }

  function addGradient(name: string, gradient: Float32Array | Tensor): void {
    expectStage("addGradient", false);
    const place = expectParameter(parameters, name, gradient);
    if (given.has(name)) {
      const more = gradient instanceof Float32Array ? gradient : toFloat32Array(gradient);
      const sum = gradients[name]!;
      for (let i = 0; i < sum.length; i++) sum[i] = sum[i]! + more[i]!;
    } else if (gradient instanceof Float32Array) own.set(gradient, place.start);
    else readInto(gradient, own, place.start);
    given.add(name);
  }

  function localGradients(): NamedArrays {
    expectStage("localGradients", false);
    for (const [name, gradient] of Object.entries(gradients)) if (!given.has(name)) addZeros(name, gradient);
    return gradients;
  }

  function addZeros(name: string, gradient: Float32Array): void {
    gradient.fill(0);
    given.add(name);
  }

  function reduceGradients(): NamedArrays {
    localGradients();
    core.barrier();
    reduced = true;
    const shardOf = (vector: Float32Array) => vector.subarray(start, start + length);
    if (core.size > 1) sumArrays(shardOf(own), memory.gradients.map(shardOf)); // only this core reads or writes here now
    return ownGradients;
  }

  function publishWeights(): NamedArrays {
    expectStage("publishWeights", true);
    core.barrier();
    reduced = false;
    given.clear();
    return weights;
  }

  const ownWeights = parameterViews(shards, memory.weights, { core: core.index });
  return { addGradient, localGradients, reduceGradients, ownWeights, publishWeights };
}

function expectFit(core: Core, shards: ParameterShards, memory: ExchangeMemory): void {
  const vectors = [memory.weights, ...memory.gradients];
  if (shards.shards.length === core.size && vectors.length === core.size + 1) {
    if (vectors.every((vector) => vector.length === shards.length)) return;
  }
  throw new ShapeError(
    `parameterExchange: shards, memory and mesh do not fit. Got ${shards.shards.length} shards, ${memory.gradients.length} ` +
      `vectors of gradients and ${core.size} cores, expected as many of each, with ${shards.length} elements a vector.`,
    { shards: shards.shards.length, cores: core.size, lengths: vectors.map((vector) => vector.length) },
  );
}

function expectParameter(
  parameters: ReadonlyMap<string, ParameterPiece>,
  name: string,
  gradient: Float32Array | Tensor,
): ParameterPiece {
  const place = parameters.get(name);
  const size = gradient instanceof Float32Array ? gradient.length : gradient.size;
  if (place !== undefined && place.length === size) return place;
  const expected = place === undefined ? "a name from parameterShards" : `${place.length} elements`;
  throw new ShapeError(`addGradient: no such gradient. Got ${size} elements for "${name}", expected ${expected}.`, {
    name,
    size,
  });
}
