import type { NamedArrays } from "./named-arrays.ts";

/** Where {@link Transformation.init} keeps its arrays. */
export type InitOptions = {
  /** Gives a zeroed array of `length`. Default: ordinary memory; a sharded optimizer hands out shared memory. */
  readonly allocate?: (length: number) => Float32Array;
};

/**
 * One part of an optimizer: what it remembers, and how it turns gradients into updates. `S` is its state, plain data that a
 * checkpoint can hold: numbers and {@link NamedArrays}.
 *
 * Parts compose with `chain`; what comes out of the last is added to the weights by `applyUpdates`.
 *
 * @see DeepMind, optax (2020): `GradientTransformation`, from which the form is taken. There everything is a new array; here
 * arrays of millions of weights are overwritten.
 */
export type Transformation<S> = {
  /** The state before the first update, for these parameters (of which only names and lengths matter). */
  init(parameters: NamedArrays, options?: InitOptions): S;
  /**
   * Overwrites the arrays of `gradients` with the updates and returns them, and moves `state` on by one step. `parameters` are
   * read, never written. A parameter that has no entry in `gradients` gets no update.
   */
  update(gradients: NamedArrays, state: S, parameters: NamedArrays): NamedArrays;
};
