import { adamScalars } from "./adam-scalars.ts";
import { type AdamwOptions, type AdamwState, adamw } from "./adamw.ts";
import { adamwFlavours } from "./adamw-flavours.ts";
import type { AdamwArrays, AdamwKernel } from "./adamw-kernel.ts";
import { checkLengths } from "./check-lengths.ts";
import { type ClipState, clipByGlobalNorm } from "./clip-by-global-norm.ts";
import { type MovingElements, movingElements } from "./moving-elements.ts";
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
  /**
   * What becomes of elements that `touched` leaves out, whose gradient is zero. "dense": what AdamW does to them; those whose moments
   * are zero are skipped, which is the same. "lazy": nothing, their moments and decay stand still too. Default "dense".
   */
  readonly untouched?: "dense" | "lazy";
};

/** What a step may be told about its gradients. */
export type TouchedElements = {
  /**
   * Of a gradient that is zero in most places, start and end of each run of elements that may not be, in order: `[start0, end0, start1, …]`.
   * Default, for each name: all may.
   */
  readonly touched?: Readonly<Record<string, Int32Array>>;
};

/** What {@link adamwInPlace} remembers: the same as `chain({ clip, adamw })`. */
export type AdamwInPlaceState = { readonly clip: ClipState; readonly adamw: AdamwState };

/** An optimizer that writes the weights itself. */
export type InPlaceOptimizer<S> = {
  /** The state before the first step. */
  init(parameters: NamedArrays, options?: InitOptions): S;
  /** Moves parameters and state on by one step, in place; gradients are read only. */
  step(gradients: NamedArrays, state: S, parameters: NamedArrays, options?: TouchedElements): void;
};

/**
 * `chain({ clip: clipByGlobalNorm(maxGradNorm), adamw: adamw(options) })` and `applyUpdates` in one: the same state and, to
 * rounding, the same weights, with one pass over each array where those make five.
 *
 * A gradient whose norm is NaN or infinite changes nothing but `state.clip.norm`: look there after each step.
 *
 * Of an embedding table a step touches few rows. Told which (`touched`), it looks for the norm at these alone, and skips what no
 * step has touched so far; the result is the same. Which elements have moments is looked up once for each array of them: give
 * moments that were written elsewhere to a new optimizer. With `untouched: "lazy"` it moves the touched alone and differs from
 * AdamW: a row that is not in the batch keeps its place, and its moments are those of the steps that touched it.
 *
 * @see PyTorch, `torch.optim.SparseAdam`, and TensorFlow Addons, `LazyAdam`, for the lazy form: here as there, the bias corrections
 *   count all steps. Differs: both have no weight decay; here touched elements decay.
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
  const { untouched = "dense" } = options;
  const moving = new WeakMap<Float32Array, MovingElements>(); // by first moment
  const clip = clipByGlobalNorm(maxGradNorm); // these two check the options, and make the state
  const { init } = adamw(options);
  const { epsilonAdded, order, ...defaults } = adamwFlavours[options.flavour ?? "hf"];
  const { beta1 = 0.9, beta2 = 0.999, epsilon = defaults.epsilon, weightDecay = defaults.weightDecay } = options;
  return {
    init: (parameters, initOptions) => ({ clip: clip.init(parameters), adamw: init(parameters, initOptions) }),
    step(gradients, state, parameters, { touched = {} } = {}) {
      const { adam, decay } = state.adamw;
      checkLengths("adamwInPlace", gradients, parameters);
      checkLengths("adamwInPlace", gradients, adam.firstMoment);
      const runsOf = (name: string) => touched[name] ?? [0, gradients[name]!.length];
      let own = 0;
      for (const [name, gradient] of Object.entries(gradients)) {
        eachRun(runsOf(name), (start, end) => (own += kernel.sumOfSquares(gradient.subarray(start, end))));
      }
      state.clip.norm = Math.sqrt(sumSquares(own));
      if (!Number.isFinite(state.clip.norm)) return;
      const rate = learningRate(adam.step);
      const scalars = adamScalars(rate, ++adam.step, { beta1, beta2, epsilon, epsilonAdded });
      const remaining = 1 - learningRate(decay.step++) * weightDecay;
      for (const [name, gradient] of Object.entries(gradients)) {
        const kept = decayMask(name) ? remaining : 1;
        const arrays = {
          parameter: parameters[name]!,
          gradient,
          firstMoment: adam.firstMoment[name]!,
          secondMoment: adam.secondMoment[name]!,
        };
        const numbers = {
          ...scalars,
          clip: Math.min(1, maxGradNorm / (state.clip.norm + 1e-6)),
          kept,
          keptOfStep: order === "after" ? kept : 1,
        };
        const runs = untouched === "lazy" ? runsOf(name) : movingRuns(arrays, touched[name], kept);
        eachRun(runs, (start, end) => kernel.step(cut(arrays, start, end), numbers));
      }
    },
  };

  /** The runs of elements that a step moves if all but `runs` have a gradient of zero. */
  function movingRuns(
    { gradient, firstMoment, secondMoment }: AdamwArrays,
    runs: Int32Array | undefined,
    kept: number,
  ): ArrayLike<number> {
    const all = [0, gradient.length];
    if (runs === undefined) {
      moving.delete(firstMoment); // what is known of it may be true no longer
      return all;
    }
    const elements = moving.get(firstMoment) ?? movingElements(firstMoment, secondMoment);
    moving.set(firstMoment, elements);
    elements.add(runs);
    return kept === 1 ? elements.runs() : all;
  }
}

function eachRun(runs: ArrayLike<number>, act: (start: number, end: number) => void): void {
  for (let i = 0; i < runs.length; i += 2) act(runs[i]!, runs[i + 1]!);
}

function cut({ parameter, gradient, firstMoment, secondMoment }: AdamwArrays, start: number, end: number): AdamwArrays {
  const part = (array: Float32Array) => array.subarray(start, end);
  return {
    parameter: part(parameter),
    gradient: part(gradient),
    firstMoment: part(firstMoment),
    secondMoment: part(secondMoment),
  };
}
