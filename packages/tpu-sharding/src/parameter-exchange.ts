import { MeshError, ShapeError } from "@kindred/errors";
import { type Core, sumArrays } from "@kindred/mesh";
import type { Tensor } from "@tensorflow/tfjs-core";
import type { ExchangeMemory } from "./exchange-memory.ts";
import { type GradientRows, localGradients } from "./local-gradients.ts";
import type { ParameterShards } from "./parameter-shards.ts";
import { type NamedArrays, parameterViews } from "./parameter-views.ts";
import { tableGradient } from "./table-gradient.ts";

/** Options of {@link parameterExchange}. */
export type ExchangeOptions = {
  /** sum = a + b in float32, one of the two overwritten: what sums the gradients of two cores. Default: in JavaScript. */
  readonly add?: ((a: Float32Array, b: Float32Array, sum: Float32Array) => void) | undefined;
};

/** One core's part in exchanging gradients and weights, step by step: add, reduce, update, publish. */
export type ParameterExchange = {
  /**
   * Hands over a gradient of this core, in any order, as soon as it is final. A second one of the same name in the same step is
   * added to the first (micro-batches). What is never handed over counts as zeros. Of a parameter in `memory.tables`, rows cost
   * what these rows cost; of another, what all of it costs.
   */
  addGradient(name: string, gradient: Float32Array | Tensor | GradientRows): void;
  /** This core's own gradients so far, whole, by name, as views: for a norm, or to scale them before they are summed. Zeros stay zeros. */
  localGradients(): NamedArrays;
  /** Waits for all cores. Gives the gradients summed over the cores, of the elements that this core owns. To be read only. */
  reduceGradients(): NamedArrays;
  /**
   * For each parameter of `memory.tables`, start and end of every run of elements in what `reduceGradients` gave that some core has
   * added to, in order: `[start0, end0, start1, …]`. All other elements are zero. Until `publishWeights`.
   */
  touchedElements(): Readonly<Record<string, Int32Array>>;
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
 * Of a table (`memory.tables`), cores note which rows they have added to; only these are summed, and made zero again for the next
 * step. The sums over cores are the same, bit for bit.
 *
 * @see Rajbhandari et al. 2020, "ZeRO", §5.1. Differs: weights pass through shared memory, so "gather" is a barrier.
 *
 * @throws MeshError from the returned functions if called out of order. {ShapeError} on an unknown name or a wrong length.
 *
 * @example
 * ```ts
 * import { soloCore } from "@kindred/mesh";
 * import { exchangeMemory, parameterExchange, parameterShards } from "@kindred/tpu-sharding";
 *
 * const shards = parameterShards({ weight: 2 }, 1);
 * const exchange = parameterExchange(soloCore(), shards, exchangeMemory(shards));
 * exchange.addGradient("weight", Float32Array.of(1, 2));
 * const { weight } = exchange.reduceGradients();
 * exchange.ownWeights.weight.forEach((w, i, own) => { own[i] = w - 0.5 * weight[i]; });
 * exchange.publishWeights().weight; // => [-0.5, -1]
 * ```
 */
export function parameterExchange(
  core: Core,
  shards: ParameterShards,
  memory: ExchangeMemory,
  { add }: ExchangeOptions = {},
): ParameterExchange {
  expectFit(core, shards, memory);
  const own = memory.gradients[core.index]!;
  const { pieces } = shards.shards[core.index]!;
  const weights = parameterViews(shards, memory.weights);
  const sums = parameterViews(shards, own, { core: core.index });
  const tables = new Map(
    Object.entries(memory.tables ?? {}).map(([name, rows]) => [
      name,
      tableGradient(parameterViews(shards, own)[name]!, rows, core.index),
    ]),
  );
  const local = localGradients(shards, own, tables);
  let touched: Record<string, Int32Array> = {};
  let reduced = false;

  function expectStage(functionName: string, afterReduce: boolean): void {
    if (reduced === afterReduce) return;
    const stage = afterReduce ? "before reduceGradients" : "between reduceGradients and publishWeights";
    const order = "expected addGradient …, reduceGradients, publishWeights, again and again";
    throw new MeshError(core.index, `${functionName}: not now. Got a call ${stage}, ${order}.`);
  }

  function addGradient(name: string, gradient: Float32Array | Tensor | GradientRows): void {
    expectStage("addGradient", false);
    local.add(name, gradient);
  }

  function ownGradients(): NamedArrays {
    expectStage("localGradients", false);
    return local.all();
  }

  function reduceGradients(): NamedArrays {
    ownGradients();
    core.barrier();
    reduced = true;
    touched = {};
    for (const piece of pieces) {
      const runs = tables.get(piece.name)?.touchedRuns(piece);
      if (runs !== undefined) touched[piece.name] = runs;
      if (core.size > 1) eachRun(runs ?? [0, piece.length], piece.start, sumCores); // only this core reads or writes here now
    }
    return sums;
  }

  function sumCores(start: number, end: number): void {
    const run = (vector: Float32Array) => vector.subarray(start, end);
    const [first, second, ...others] = memory.gradients.map(run);
    // Of two, a float32 sum is the float64 sum rounded once (Figueroa 1995, "When is double rounding innocuous?").
    if (add !== undefined && others.length === 0) add(first!, second!, run(own));
    else sumArrays(run(own), [first!, second!, ...others]);
  }

  function touchedElements(): Readonly<Record<string, Int32Array>> {
    expectStage("touchedElements", true);
    return touched;
  }

  function publishWeights(): NamedArrays {
    expectStage("publishWeights", true);
    core.barrier();
    reduced = false;
    for (const table of tables.values()) table.clear();
    for (const { name, start } of pieces) eachRun(touched[name] ?? [], start, (from, to) => own.fill(0, from, to));
    local.restart();
    return weights;
  }

  return {
    addGradient,
    localGradients: ownGradients,
    reduceGradients,
    touchedElements,
    ownWeights: parameterViews(shards, memory.weights, { core: core.index }),
    publishWeights,
  };
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

/** Calls `act` with start and end of each run, counted from `from`. */
function eachRun(runs: ArrayLike<number>, from: number, act: (start: number, end: number) => void): void {
  for (let i = 0; i < runs.length; i += 2) act(from + runs[i]!, from + runs[i + 1]!);
}
