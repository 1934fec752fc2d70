import { adamScalars } from "./adam-scalars.ts";
import { type AdamwOptions, type AdamwState, adamw } from "./adamw.ts";
import { adamwFlavours } from "./adamw-flavours.ts";
import type { AdamwKernel } from "./adamw-kernel.ts";
import { checkLengths } from "./check-lengths.ts";
import { type ClipState, clipByGlobalNorm } from "./clip-by-global-norm.ts";
import type { NamedArrays } from "./named-arrays.ts";
import type { InitOptions } from "./transformation.ts";

/** Every choice in {@link adamwInPlace}. */
export type AdamwInPlaceOptions = AdamwOptions & {
  /** Does the arithmetic. */
  readonly kernel: AdamwKernel;
  /** The gradient is shortened to this norm where it is longer. Default Infinity: it is only measured. */
  readonly maxGradNorm?: number;
  /** Gives the sum over all cores of what each has. Called once a step. Default: there are no other cores. */
  readonly sumSquares?: (own: number) => number;
};

/** What {@link adamwInPlace} remembers: the same as `chain({ clip, adamw })`. */
export type AdamwInPlaceState = { readonly clip: ClipState; readonly adamw: AdamwState };

/** An optimizer that writes the weights itself. */
export type InPlaceOptimizer<S> = {
  /** The state before the first step. */
  init(parameters: NamedArrays, options?: InitOptions): S;
  /** Moves parameters and state on by one step, in place; gradients are read only. */
  step(gradients: NamedArrays, state: S, parameters: NamedArrays): void;
};

/**
 * `chain({ clip: clipByGlobalNorm(maxGradNorm), adamw: adamw(options) })` and `applyUpdates` in one: the same state and, to
 * rounding, the same weights, with one pass over each array where those make five.
 *
 * A gradient whose norm is NaN or infinite changes nothing but `state.clip.norm`: look there after each step.
 *
 * @throws ConfigError as `adamw` and `clipByGlobalNorm` do; ShapeError (from `step`) if a gradient has no parameter of its name and length.
 *
 * @example
 * ```ts
 * import { adamwInPlace, type AdamwKernel } from "@kindred/adamw";
 *
 * const kernel: AdamwKernel = {
 *   sumOfSquares: (array) => array.reduce((sum, x) => sum + x * x, 0),
 *   step: ({ parameter, gradient }, { factor }) => {
 *     gradient.forEach((g, i) => { parameter[i] += factor * Math.sign(g); }); // not Adam, but short
 *   },
 * };
 * const optimizer = adamwInPlace({ kernel, learningRate: () => 0.1 });
 * const weights = { w: Float32Array.of(1) };
 * const state = optimizer.init(weights);
 * optimizer.step({ w: Float32Array.of(3) }, state, weights);
 * state.clip.norm; // => 3
 * ```
 */
export function adamwInPlace(options: AdamwInPlaceOptions): InPlaceOptimizer<AdamwInPlaceState> {
  const { kernel, maxGradNorm = Infinity, sumSquares = (own) => own, learningRate, decayMask = () => true } = options;
  const clip = clipByGlobalNorm(maxGradNorm); // these two check the options, and make the state
  const { init } = adamw(options);
  const { epsilonAdded, order, ...defaults } = adamwFlavours[options.flavour ?? "hf"];
  const { beta1 = 0.9, beta2 = 0.999, epsilon = defaults.epsilon, weightDecay = defaults.weightDecay } = options;
  return {
    init: (parameters, initOptions) => ({ clip: clip.init(parameters), adamw: init(parameters, initOptions) }),
    step(gradients, state, parameters) {
      const { adam, decay } = state.adamw;
      checkLengths("adamwInPlace", gradients, parameters);
      checkLengths("adamwInPlace", gradients, adam.firstMoment);
      const own = Object.values(gradients).reduce((sum, gradient) => sum + kernel.sumOfSquares(gradient), 0);
      state.clip.norm = Math.sqrt(sumSquares(own));
      if (!Number.isFinite(state.clip.norm)) return;
      const rate = learningRate(adam.step);
      const scalars = adamScalars(rate, ++adam.step, { beta1, beta2, epsilon, epsilonAdded });
      const remaining = 1 - learningRate(decay.step++) * weightDecay;
      for (const [name, gradient] of Object.entries(gradients)) {
        const kept = decayMask(name) ? remaining : 1;
        kernel.step(
          {
            parameter: parameters[name]!,
            gradient,
            firstMoment: adam.firstMoment[name]!,
            secondMoment: adam.secondMoment[name]!,
          },
          {
            ...scalars,
            clip: Math.min(1, maxGradNorm / (state.clip.norm + 1e-6)),
            kept,
            keptOfStep: order === "after" ? kept : 1,
          },
        );
      }
    },
  };
}
