import { adamwNumber, adamwOp } from "@kindred/nn";
import type { ParameterSpec } from "@kindred/encoder";
import { ConfigError } from "@kindred/errors";
import * as tf from "@tensorflow/tfjs-core";
import type { Optimizer } from "./optimizer.ts";
import { groupOf, type ParameterGroup } from "./parameter-group.ts";
import type { Schedule } from "./schedules.ts";

/** Whose AdamW: transformers' of 2021 ("hf"), with which the original model was trained, or PyTorch's ("torch"). */
export type AdamwFlavour = "hf" | "torch";

/** Every choice in {@link adamw}. */
export type AdamwOptions = {
  /** The rate of each 0-based step. */
  readonly learningRate: Schedule;
  /** Which of the two; it decides the defaults of `epsilon` and `weightDecay`. Default "hf". */
  readonly flavour?: AdamwFlavour;
  /** Decay of the mean of gradients, 0 ≤ β1 < 1. Default 0.9. */
  readonly beta1?: number;
  /** Decay of the mean of squares, 0 ≤ β2 < 1. Default 0.999. */
  readonly beta2?: number;
  /** ε > 0, which keeps the quotient finite. Default 1e-6 ("hf"), 1e-8 ("torch"). */
  readonly epsilon?: number;
  /** Decoupled weight decay λ ≥ 0. Default 0 ("hf"), 0.01 ("torch"). */
  readonly weightDecay?: number;
  /** Which parameters decay: tables and matrices, but neither biases nor layer norms ("weights"), or all. Default "weights". */
  readonly decay?: "weights" | "all";
  /** Parameters that learn otherwise; one belongs to the first group that it fits. Default: none. */
  readonly groups?: readonly ParameterGroup[];
};

/** How many numbers a group has in a step. */
const numberCount = Object.keys(adamwNumber).length;

/** What the flavours differ in: the defaults of two numbers, where epsilon is added, and what decays before or after what. */
const flavours = {
  hf: { epsilon: 1e-6, weightDecay: 0, epsilonAdded: "before", order: "after" },
  torch: { epsilon: 1e-8, weightDecay: 0.01, epsilonAdded: "after", order: "before" },
} as const;

/**
 * Adam with decoupled weight decay, t = 1 at the first update and rate = learningRate(t − 1):
 *
 *     m ← β1 m + (1 − β1) g        v ← β2 v + (1 − β2) g²
 *     hf:     θ ← θ − rate · √(1 − β2ᵗ) / (1 − β1ᵗ) · m / (√v + ε),   then  θ ← θ (1 − rate · λ)
 *     torch:  θ ← θ (1 − rate · λ),   then  θ ← θ − rate · m̂ / (√v̂ + ε),   m̂ = m / (1 − β1ᵗ), v̂ = v / (1 − β2ᵗ)
 *
 * Both places of ε are one formula with two values of it: m̂ / (√v̂ + ε) = √(1 − β2ᵗ) / (1 − β1ᵗ) · m / (√v + ε √(1 − β2ᵗ)). So a step
 * has five numbers, computed in float64 and rounded once; with groups, five for each.
 *
 * The first step is nearly −rate · sign(g), since m̂ / √v̂ = g / |g| then. A parameter without a gradient keeps its moments, but t goes
 * on for all together (PyTorch counts a step for each; the two agree for parameters that always or never get one).
 *
 * @throws ConfigError for an unknown flavour or kind of decay, or a number outside its range.
 * @see Loshchilov, Hutter (2019), Decoupled weight decay regularization, algorithm 2; Kingma, Ba (2015), Adam: a method for stochastic
 *   optimization, algorithm 1, and section 2's last remark for "hf".
 *
 * @example
 * ```ts
 * import { adamw } from "@kindred/adamw";
 * import { cpu } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * const { numbers, update } = adamw({ learningRate: () => 0.1, flavour: "torch" });
 * const zeros = tf.zeros([1]);
 * const [weight] = update(
 *   { parameter: tf.tensor1d([1]), gradient: tf.tensor1d([0.5]), slots: [zeros, zeros] },
 *   { numbers: tf.tensor1d(numbers(0)), clip: tf.scalar(1) },
 *   { name: "dense.weight", shape: [1], kind: "matrix" },
 * );
 * weight?.dataSync(); // => [0.899]
 * ```
 */
export function adamw(options: AdamwOptions): Optimizer {
  const { flavour = "hf", learningRate, decay = "weights", groups = [] } = options;
  expectOneOf("flavour", flavour, ["hf", "torch"]);
  expectOneOf("decay", decay, ["weights", "all"]);
  const { epsilonAdded, order, ...defaults } = flavours[flavour];
  const { beta1 = 0.9, beta2 = 0.999, epsilon = defaults.epsilon, weightDecay = defaults.weightDecay } = options;
  expectInside("beta1", beta1, "0 ≤ beta1 < 1", beta1 >= 0 && beta1 < 1);
  expectInside("beta2", beta2, "0 ≤ beta2 < 1", beta2 >= 0 && beta2 < 1);
  const finite = "a number above 0 (with 0 a weight whose gradient is 0 becomes NaN)";
  expectInside("epsilon", epsilon, finite, epsilon > 0 && epsilon < Infinity);
  expectInside("weightDecay", weightDecay, "0 or above, e.g. 0.01", weightDecay >= 0 && weightDecay < Infinity);
  for (const group of groups) expectGroup(group);
  // The first set of a step's numbers is that of parameters without a group.
  const sets = [{}, ...groups].map((group: ParameterGroup) => ({ rate: 1, weightDecay, ...group }));
  const places = new WeakMap<ParameterSpec, number>(); // asked for several times a step
  const setOf = (spec: ParameterSpec): number => {
    if (groups.length === 0) return 0;
    const known = places.get(spec) ?? groupOf(groups, spec) + 1;
    places.set(spec, known);
    return known;
  };
  const isFrozen = (spec: ParameterSpec) => sets[setOf(spec)]?.frozen === true;
  const decays = (spec: ParameterSpec) =>
    (sets[setOf(spec)]?.weightDecay ?? 0) > 0 && (decay === "all" || spec.kind === "table" || spec.kind === "matrix");

  /** The numbers of a step for one group. */
  const numbersOf = (step: number, factorOfRate: number, ownDecay: number) => {
    const rate = learningRate(step) * factorOfRate;
    const correction2 = Math.sqrt(1 - beta2 ** (step + 1));
    const factor = (-rate * correction2) / (1 - beta1 ** (step + 1));
    const kept = 1 - rate * ownDecay;
    const decayedFactor = order === "after" ? factor * kept : factor;
    return [rate, factor, decayedFactor, epsilonAdded === "before" ? epsilon : epsilon * correction2, kept];
  };

  return {
    name: "adamw",
    options: { flavour, beta1, beta2, epsilon, weightDecay, decay, ...(groups.length > 0 && { groups }) },
    slots: ["first", "second"],
    learningRate,
    numbers: (step) => Float32Array.from(sets.flatMap((set) => numbersOf(step, set.rate, set.weightDecay))),
    rests: (spec) => isFrozen(spec) || !decays(spec),
    isFrozen,
    update({ parameter, gradient, slots }, { numbers, clip }, spec) {
      const [first, second] = expectPair("update", slots);
      if (isFrozen(spec)) return [parameter, first, second];
      const own = groups.length === 0 ? numbers : tf.slice(numbers, [setOf(spec) * numberCount], [numberCount]);
      return adamwOp(
        { parameter, gradient, first, second, numbers: own, clip },
        {},
        { beta1, beta2, decays: decays(spec) },
      );
    },
    updateArrays({ parameter, gradient, slots }, { numbers, clip }, { spec, kernels }) {
      const [first, second] = expectPair("updateArrays", slots);
      if (isFrozen(spec)) return;
      const from = setOf(spec) * numberCount;
      const at = (place: number) => numbers[from + place] ?? Number.NaN;
      const [factor, kept] = decays(spec)
        ? [at(adamwNumber.decayedFactor), at(adamwNumber.kept)]
        : [at(adamwNumber.factor), 1];
      const epsilon = at(adamwNumber.epsilon);
      kernels.adamw({ parameter, gradient, first, second }, { clip, beta1, beta2, epsilon, factor, kept });
    },
  };
}

function expectGroup({ rate = 1, weightDecay = 0 }: ParameterGroup): void {
  expectInside("groups' rate", rate, "0 or above", rate >= 0 && rate < Infinity);
  expectInside("groups' weightDecay", weightDecay, "0 or above", weightDecay >= 0 && weightDecay < Infinity);
}

function expectPair<T>(functionName: string, slots: readonly T[]): readonly [T, T] {
  const [first, second] = slots;
  if (first !== undefined && second !== undefined) return [first, second];
  throw new ConfigError(
    `adamw: ${functionName} needs two moments. Got ${slots.length} slots. Give one for each of its slots.`,
  );
}

function expectOneOf(name: string, value: string, known: readonly string[]): void {
  if (known.includes(value)) return;
  throw new ConfigError(`adamw: unknown ${name}. Got ${value}, expected "${known.join('" or "')}".`, { [name]: value });
}

function expectInside(name: string, value: number, rule: string, inside: boolean): void {
  if (!inside)
    throw new ConfigError(`adamw: ${name} is out of range. Got ${value}, expected ${rule}.`, { [name]: value });
}
