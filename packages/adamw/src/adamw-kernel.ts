import type { AdamScalars } from "./adam-scalars.ts";

/** The arrays of one parameter, of one length. */
export type AdamwArrays = {
  readonly parameter: Float32Array;
  readonly gradient: Float32Array;
  readonly firstMoment: Float32Array;
  readonly secondMoment: Float32Array;
};

/** The numbers of one step, for one parameter. */
export type AdamwNumbers = AdamScalars & {
  /** What the gradient is multiplied by first. */
  readonly clip: number;
  /** What remains of the parameter: 1 − rate · λ where it decays, else 1. */
  readonly kept: number;
  /** What remains of the step: 1 − rate · λ where the decay comes after it, else 1. */
  readonly keptOfStep: number;
};

/**
 * The arithmetic of {@link adamwInPlace}, so that a backend can do it: with g ← g · clip,
 *
 *     m ← β1 m + (1 − β1) g        v ← β2 v + (1 − β2) g²        θ ← kept · θ + keptOfStep · factor · m / (√v + ε)
 */
export type AdamwKernel = {
  /** Σ x², in float64. */
  readonly sumOfSquares: (array: Float32Array) => number;
  /** One step of one parameter: writes the parameter and both moments. */
  readonly step: (arrays: AdamwArrays, numbers: AdamwNumbers) => void;
};
