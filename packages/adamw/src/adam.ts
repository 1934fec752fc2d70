import { ConfigError } from "@kindred/errors";
import { type AdamScalars, adamScalars } from "./adam-scalars.ts";
import { checkLengths } from "./check-lengths.ts";
import type { NamedArrays } from "./named-arrays.ts";
import type { Schedule } from "./schedule.ts";
import type { InitOptions, Transformation } from "./transformation.ts";

/** What Adam remembers. */
export type AdamState = {
  /** How many updates there were: the t of the bias corrections once it is raised, and the 0-based step of the schedule. */
  step: number;
  /** m, the running mean of the gradient, by parameter. */
  readonly firstMoment: NamedArrays;
  /** v, the running mean of the gradient's square, by parameter. */
  readonly secondMoment: NamedArrays;
};

/** Every choice in {@link adam}. */
export type AdamOptions = {
  /** The rate of each step. */
  readonly learningRate: Schedule;
  /** Decay of the mean of gradients, 0 ≤ β1 < 1. Default 0.9. */
  readonly beta1?: number;
  /** Decay of the mean of squares, 0 ≤ β2 < 1. Default 0.999. */
  readonly beta2?: number;
  /** ε > 0, which keeps the quotient finite. Default 1e-6. */
  readonly epsilon?: number;
  /** Where ε is added: to √v "before" bias correction (as transformers did), or to √v̂ "after" it (the paper, PyTorch). Default "before". */
  readonly epsilonAdded?: "before" | "after";
};

/**
 * Adam's step against the gradient, with t = 1 at the first update and rate = learningRate(t − 1):
 *
 *     m ← β1 m + (1 − β1) g        v ← β2 v + (1 − β2) g²
 *     before:  u = −rate · √(1 − β2ᵗ) / (1 − β1ᵗ) · m / (√v + ε)
 *     after:   u = −rate · m̂ / (√v̂ + ε)      m̂ = m / (1 − β1ᵗ), v̂ = v / (1 − β2ᵗ)
 *
 * Moments are kept in float32. A step is computed in float64 from them and from the gradient, with m and v not yet rounded, and
 * rounded once. A parameter that gets no gradient keeps its moments, but t goes on for all of them together (PyTorch counts a
 * step for each parameter; the two agree for parameters that always or never get one).
 *
 * @throws ConfigError if a number is out of its range; ShapeError (from `update`) if a gradient has no parameter of its name and length.
 * @see Kingma, Ba (2015), Adam: a method for stochastic optimization, algorithm 1; "before" is its section 2's last remark.
 *
 * @example
 * ```ts
 * import { adam } from "@kindred/adamw";
 *
 * const { init, update } = adam({ learningRate: () => 0.5 });
 * const weights = { w: Float32Array.of(1, 1) };
 * const state = init(weights);
 * update({ w: Float32Array.of(4, -4) }, state, weights); // => { w: [-0.50, 0.50] }
 * state.firstMoment; // => { w: [0.4, -0.4] }
 * ```
 */
export function adam(options: AdamOptions): Transformation<AdamState> {
  const { learningRate, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-6, epsilonAdded = "before" } = options;
  expectInside("beta1", beta1, "0 ≤ beta1 < 1", beta1 >= 0 && beta1 < 1);
  expectInside("beta2", beta2, "0 ≤ beta2 < 1", beta2 >= 0 && beta2 < 1);
  expectInside("epsilon", epsilon, "a number above 0 (with 0 a weight whose gradient is 0 becomes NaN)", epsilon > 0);
  return {
    init: (parameters, initOptions) => ({
      step: 0,
      firstMoment: zerosLike(parameters, initOptions),
      secondMoment: zerosLike(parameters, initOptions),
    }),
    update(gradients, state, parameters) {
      checkLengths("adam", gradients, parameters);
      checkLengths("adam", gradients, state.firstMoment);
      const rate = learningRate(state.step);
      const t = ++state.step;
      const scalars = adamScalars(rate, t, { beta1, beta2, epsilon, epsilonAdded });
      for (const [name, gradient] of Object.entries(gradients)) {
        step(gradient, state.firstMoment[name]!, state.secondMoment[name]!, scalars);
      }
      return gradients;
    },
  };
}

/** The inner loop of training: about 4 ns a weight, nearly all of it the root and the quotient. */
function step(gradient: Float32Array, first: Float32Array, second: Float32Array, scalars: AdamScalars): void {
  const { beta1, beta2, epsilon, factor } = scalars;
  const [rest1, rest2] = [1 - beta1, 1 - beta2];
  for (let i = 0; i < gradient.length; i++) {
    const g = gradient[i]!;
    const m = beta1 * first[i]! + rest1 * g;
    const v = beta2 * second[i]! + rest2 * g * g;
    first[i] = m;
    second[i] = v;
    gradient[i] = (factor * m) / (Math.sqrt(v) + epsilon);
  }
}

function zerosLike(parameters: NamedArrays, options: InitOptions = {}): NamedArrays {
  const allocate = options.allocate ?? ((length: number) => new Float32Array(length));
  return Object.fromEntries(Object.entries(parameters).map(([name, { length }]) => [name, allocate(length)]));
}

function expectInside(name: string, value: number, rule: string, inside: boolean): void {
  if (!inside)
    throw new ConfigError(`adam: ${name} is out of range. Got ${value}, expected ${rule}.`, { [name]: value });
}
