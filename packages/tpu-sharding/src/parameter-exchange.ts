import type { ArrayKernels } from "@kindred/adamw";
import { MeshError, ShapeError } from "@kindred/errors";
import { type Core, sumArrays } from "@kindred/mesh";
import { gradientVector, type GradientVector, type ReadTensor } from "./gradient-vector.ts";
import { type NamedArrays, parameterViews, type StoreMemory } from "./store-memory.ts";

/** A piece of a parameter that this core owns, after the cores' gradients were summed. */
export type ReducedPiece = {
  readonly name: string;
  /** The first of its elements, in the parameter and in the vectors. */
  readonly offset: number;
  readonly start: number;
  /** Its gradient, summed over the cores. To be read only. */
  readonly gradient: Float32Array;
  /** Of a table, start and end of every run of elements that some core has added to, in order; all others are zero. */
  readonly touched: Int32Array | undefined;
};

/** One core's part in exchanging gradients and parameters, step by step: add, reduce, publish. */
export type ParameterExchange = {
  /**
   * Hands over a gradient of this core, in any order, as soon as it is final. A second one of the same name in the same step is
   * added to the first (micro-batches). What is never handed over counts as zeros. Of a table, rows cost what these rows cost.
   */
  readonly add: GradientVector["add"];
  /** This core's own gradients so far, whole, by name, as views: for a norm, or to scale them before they are summed. Zeros stay zeros. */
  localGradients(): NamedArrays;
  /** Waits for all cores. Gives what this core owns, for it to move the parameters of these pieces in place. */
  reduce(): readonly ReducedPiece[];
  /** Waits for all cores. Then all parameters are there to be read, until the next `reduce`, and the next step may begin. */
  publish(): void;
};

/**
 * Gradients and parameters of a data-parallel step through shared memory: reduce-scatter over the flat vector of all parameters,
 * then all-gather, with each number written once by whom it comes from and read where it is needed.
 *
 * A core writes its gradients into its own vector; after a barrier it sums its shard over the others' vectors, in core order,
 * in float64, rounded once; it moves its shard of the one vector of parameters; after a second barrier everybody reads
 * all of it. These two barriers also keep the next step from overwriting what is still being read.
 *
 * Of a table, cores note which rows they have added to; only these are summed, and made zero again for the next step. The sums over
 * cores are the same, bit for bit.
 *
 * @see Rajbhandari et al. 2020, "ZeRO", §5.1. Differs: parameters pass through shared memory, so "gather" is a barrier.
 *
 * @param options.add what sums the gradients of two cores
 * @param options.read how gradients that are tensors are copied
 * @throws MeshError from the returned functions if called out of order. {ShapeError} on an unknown name or a wrong length.
 */
export function parameterExchange(
  core: Core,
  memory: StoreMemory,
  { add, read }: Pick<ArrayKernels, "add"> & { readonly read: ReadTensor },
): ParameterExchange {
  const { shards, gradients } = memory;
  const { own, shard } = ownPart(core, memory);
  const vector = gradientVector(memory, core.index, read);
  const sums = parameterViews(shards, own, { core: core.index });
  let touched: { readonly start: number; readonly runs: Int32Array }[] = [];
  let reduced = false;

  function expectStage(functionName: string, afterReduce: boolean): void {
    if (reduced === afterReduce) return;
    const stage = afterReduce ? "before reduce" : "between reduce and publish";
    throw new MeshError(
      core.index,
      `${functionName}: not now. Got a call ${stage}, expected add …, reduce, publish, again and again.`,
    );
  }

  function localGradients(): NamedArrays {
    expectStage("localGradients", false);
    return vector.all();
  }

  function reduce(): readonly ReducedPiece[] {
    localGradients();
    core.barrier();
    reduced = true;
    touched = [];
    return shard.pieces.map((piece) => {
      const { name, offset, start, length } = piece;
      const runs = vector.touchedRuns(piece);
      if (runs !== undefined) touched.push({ start, runs });
      if (core.size > 1) eachRun(runs ?? [0, length], start, sumCores); // only this core reads or writes here now
      return { name, offset, start, gradient: sums[name] ?? new Float32Array(), touched: runs }; // it has a view of each piece
    });
  }

  function sumCores(start: number, end: number): void {
    const run = (all: Float32Array) => all.subarray(start, end);
    const [first, second, ...others] = gradients.map(run);
    // Of two, a float32 sum is the float64 sum rounded once (Figueroa 1995, "When is double rounding innocuous?").
    if (first !== undefined && second !== undefined && others.length === 0) add(first, second, run(own));
    else sumArrays(run(own), gradients.map(run));
  }

  function publish(): void {
    expectStage("publish", true);
    core.barrier();
    reduced = false;
    vector.restart();
    for (const { start, runs } of touched) eachRun(runs, start, (from, to) => own.fill(0, from, to));
  }

  return {
    add(name, gradient) {
      expectStage("add", false);
      vector.add(name, gradient);
    },
    localGradients,
    reduce,
    publish,
  };
}

function ownPart(core: Core, { shards: { shards }, gradients }: StoreMemory) {
  const own = gradients[core.index];
  const shard = shards[core.index];
  if (own !== undefined && shard !== undefined && shards.length === core.size) return { own, shard };
  throw new ShapeError(
    `arrayStore: memory and mesh do not fit. Got memory for ${shards.length} cores on core ${core.index} of ${core.size}.`,
    { shards: shards.length, cores: core.size },
  );
}

/** Calls `act` with start and end of each run `[start0, end0, start1, …]`, counted from `from`. */
export function eachRun(runs: ArrayLike<number>, from: number, act: (start: number, end: number) => void): void {
  for (let i = 0; i + 1 < runs.length; i += 2) act(from + (runs[i] ?? 0), from + (runs[i + 1] ?? 0)); // both are there
}
