import { ConfigError } from "@kindred/errors";
import { checkLengths } from "./check-lengths.ts";
import type { Schedule } from "./schedule.ts";
import type { Transformation } from "./transformation.ts";

/** What {@link decayWeights} remembers. */
export type DecayState = {
  /** How many updates there were: the 0-based step of the schedule. */
  step: number;
};

/** Every choice in {@link decayWeights}. */
export type DecayOptions = {
  /** The rate of each step, the one that the step itself is scaled with. */
  readonly learningRate: Schedule;
  /** λ ≥ 0: the share that a rate of 1 would take away. */
  readonly weightDecay: number;
  /** Which weights shrink: those "before" the step (PyTorch) or "after" it (transformers). Default "before". */
  readonly order?: "before" | "after";
  /** Whether the parameter of this name decays. Default: all do. */
  readonly decayMask?: (name: string) => boolean;
};

/**
 * Adds decoupled weight decay to the updates u that the step before it made:
 *
 *     before:  u ← u − rate · λ · θ            so θ + u = θ (1 − rate · λ) + step
 *     after:   u ← u − rate · λ · (θ + u)      so θ + u = (θ + step) (1 − rate · λ)
 *
 * Decoupled: it is not part of the gradient, so Adam's division does not touch it. In place. A parameter without an update does
 * not decay. Computed in float64, rounded once.
 *
 * @throws ConfigError if `weightDecay` is out of its range; ShapeError (from `update`) if an update has no parameter of its name and length.
 * @see Loshchilov, Hutter (2019), Decoupled weight decay regularization, algorithm 2.
 *
 * @example
 * ```ts
 * import { decayWeights } from "@kindred/adamw";
 *
 * const { init, update } = decayWeights({ learningRate: () => 0.5, weightDecay: 0.5 });
 * const weights = { w: Float32Array.of(8) };
 * update({ w: Float32Array.of(0) }, init(weights), weights); // => { w: [-2] }
 * ```
 */
export function decayWeights(options: DecayOptions): Transformation<DecayState> {
  const { learningRate, weightDecay, order = "before", decayMask = () => true } = options;
  if (!(weightDecay >= 0 && weightDecay < Infinity)) {
    throw new ConfigError(
      `decayWeights: weightDecay is out of range. Got ${weightDecay}, expected 0 or above, e.g. 0.01.`,
      {
        weightDecay,
      },
    );
  }
  return {
    init: () => ({ step: 0 }),
    update(updates, state, parameters) {
      const share = learningRate(state.step++) * weightDecay;
      if (share === 0) return updates;
      checkLengths("decayWeights", updates, parameters);
      for (const [name, update] of Object.entries(updates)) {
        if (decayMask(name)) shrink(update, parameters[name]!, { share, ofUpdate: order === "after" ? share : 0 });
      }
      return updates;
    },
  };
}

function shrink(update: Float32Array, parameter: Float32Array, by: { share: number; ofUpdate: number }): void {
  const kept = 1 - by.ofUpdate;
  for (let i = 0; i < update.length; i++) update[i] = kept * update[i]! - by.share * parameter[i]!;
}
