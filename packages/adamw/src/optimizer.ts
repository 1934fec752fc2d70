import type { JsonObject, ParameterSpec } from "@kindred/encoder";
import type { Float } from "@kindred/tensor";
import type { ArrayKernels } from "./array-kernels.ts";

/** What belongs to one parameter in a step, as tensors of the engine. */
export type OwnTensors = {
  readonly parameter: Float;
  readonly gradient: Float;
  /** What the optimizer remembers of it, in the order of its `slots`. */
  readonly slots: readonly Float[];
};

/** The same, or a part of it, as arrays in memory that threads may share. */
export type OwnArrays = {
  readonly parameter: Float32Array;
  readonly gradient: Float32Array;
  readonly slots: readonly Float32Array[];
};

/** What all parameters share in a step. */
export type StepNumbers<Numbers, Clip> = {
  /** What {@link Optimizer.numbers} gave. */
  readonly numbers: Numbers;
  /** What the gradient is multiplied by first, so that the norm of all of them keeps its limit. */
  readonly clip: Clip;
};

/**
 * How parameters move, as a value: the same on every thread that makes it from the same options. What it remembers lies in a store,
 * which calls it parameter by parameter; the clock is the caller's, who asks for the numbers of a step.
 *
 * It looks at each element by itself, so that a parameter may be cut anywhere.
 */
export type Optimizer = {
  /** For run files and the model card: "adamw". */
  readonly name: string;
  /** Its settings as JSON, for the same places. */
  readonly options: JsonObject;
  /** The names of what it remembers of each parameter, element by element and 0 at first. */
  readonly slots: readonly string[];
  /** The learning rate of a step, counted from 0. */
  learningRate(step: number): number;
  /** All numbers that change from step to step, as data: an engine that records a step makes an operand of them. */
  numbers(step: number): Float32Array;
  /**
   * Whether an element of this parameter whose gradient and slots are 0 always stays as it is. Then a table's rows that no step has
   * touched can be left out.
   */
  rests(spec: ParameterSpec): boolean;
  /**
   * Whether this parameter stays as it is, and what is remembered of it, whatever its gradient. A store does nothing for it. Default: none does.
   */
  isFrozen?(spec: ParameterSpec): boolean;
  /** The parameter and its slots after the step, as new tensors; as before where `clip` is not finite. */
  update(own: OwnTensors, step: StepNumbers<Float<"n">, Float<"">>, spec: ParameterSpec): readonly Float[];
  /**
   * The same on arrays, in place. `kernels` work in the memory that the arrays lie in. Default: by `update`, with a copy each way.
   */
  updateArrays?(
    own: OwnArrays,
    step: StepNumbers<Float32Array, number>,
    options: { readonly spec: ParameterSpec; readonly kernels: ArrayKernels },
  ): void;
};
