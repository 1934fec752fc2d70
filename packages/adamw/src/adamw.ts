import { ConfigError } from "@kindred/errors";
import { type AdamState, adam } from "./adam.ts";
import { adamwFlavours } from "./adamw-flavours.ts";
import { chain } from "./chain.ts";
import { type DecayState, decayWeights } from "./decay-weights.ts";
import type { Schedule } from "./schedule.ts";
import type { Transformation } from "./transformation.ts";

/** Whose AdamW: transformers' of 2021 ("hf"), with which the original model was trained, or PyTorch's ("torch"). */
export type AdamwFlavour = "hf" | "torch";

/** What {@link adamw} remembers, by part. */
export type AdamwState = { readonly adam: AdamState; readonly decay: DecayState };

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
  /** ε > 0. Default 1e-6 ("hf"), 1e-8 ("torch"). */
  readonly epsilon?: number;
  /** Decoupled weight decay λ ≥ 0. Default 0 ("hf"), 0.01 ("torch"). */
  readonly weightDecay?: number;
  /** Whether the parameter of this name decays, e.g. {@link exceptBiasAndLayerNorm}. Default: all do, in both flavours. */
  readonly decayMask?: (name: string) => boolean;
};

/**
 * Adam with decoupled weight decay: `chain({ adam, decay })`.
 *
 *     hf:     θ ← θ − rate · √(1 − β2ᵗ) / (1 − β1ᵗ) · m / (√v + ε),   then  θ ← θ (1 − rate · λ)
 *     torch:  θ ← θ (1 − rate · λ),   then  θ ← θ − rate · m̂ / (√v̂ + ε)
 *
 * The first step is nearly −rate · sign(g), since m̂ / √v̂ = g / |g| then. Moments and weights are float32, arithmetic is float64;
 * PyTorch computes in float32, so a weight differs from its by roundings (some 1e-7 of its size after ten steps).
 *
 * @throws ConfigError for an unknown flavour or a number outside its range; `update` throws as {@link adam} does.
 * @see Loshchilov, Hutter (2019), Decoupled weight decay regularization, algorithm 2.
 *
 * @example
 * ```ts
 * import { adamw, applyUpdates } from "@kindred/adamw";
 *
 * const optimizer = adamw({ learningRate: () => 0.1, flavour: "torch" });
 * const weights = { w: Float32Array.of(1) };
 * const state = optimizer.init(weights);
 * applyUpdates(weights, optimizer.update({ w: Float32Array.of(0.5) }, state, weights));
 * weights.w; // => [0.899]
 * ```
 */
export function adamw(options: AdamwOptions): Transformation<AdamwState> {
  const { flavour = "hf", learningRate, decayMask } = options;
  if (!Object.hasOwn(adamwFlavours, flavour)) {
    throw new ConfigError(`adamw: unknown flavour. Got ${flavour}, expected "hf" or "torch".`, { flavour });
  }
  const { epsilonAdded, order, ...defaults } = adamwFlavours[flavour];
  const { beta1 = 0.9, beta2 = 0.999, epsilon = defaults.epsilon, weightDecay = defaults.weightDecay } = options;
  return chain({
    adam: adam({ learningRate, beta1, beta2, epsilon, epsilonAdded }),
    decay: decayWeights({ learningRate, weightDecay, order, ...(decayMask && { decayMask }) }),
  });
}
