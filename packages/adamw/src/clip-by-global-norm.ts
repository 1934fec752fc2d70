import { ConfigError } from "@kindred/errors";
import { type GlobalNormOptions, globalNorm } from "./global-norm.ts";
import type { Transformation } from "./transformation.ts";

/** What {@link clipByGlobalNorm} leaves for a log. */
export type ClipState = {
  /** The global norm before clipping, of the last update; NaN before the first. */
  norm: number;
};

/**
 * Shortens the gradient to `limit` where it is longer, keeping its direction: g ← g · min(1, limit / (norm + 1e-6)), with the
 * norm over all parameters (and, with `sumSquares`, all cores) together. In place; `state.norm` is the norm before.
 *
 * `limit` Infinity only measures. If the norm is NaN or infinite nothing is clipped, for no factor could mend it: look at
 * `state.norm` before applying the updates.
 *
 * The 1e-6 is PyTorch's `clip_grad_norm_`. Both sides are multiplied in float64 and rounded once.
 *
 * @throws ConfigError if `limit` is not above 0.
 * @see Pascanu, Mikolov, Bengio (2013), On the difficulty of training recurrent neural networks, algorithm 1.
 *
 * @example
 * ```ts
 * import { clipByGlobalNorm } from "@kindred/adamw";
 *
 * const clip = clipByGlobalNorm(1);
 * const gradients = { w: Float32Array.of(3), b: Float32Array.of(4) };
 * const state = clip.init(gradients);
 * clip.update(gradients, state, gradients); // => { w: [0.6], b: [0.8] }
 * state.norm; // => 5
 * ```
 */
export function clipByGlobalNorm(limit: number, options: GlobalNormOptions = {}): Transformation<ClipState> {
  if (!(limit > 0)) {
    throw new ConfigError(
      `clipByGlobalNorm: the limit must be above 0. Got ${limit}, expected e.g. 1. Leave the clipping out if nothing is to be clipped.`,
      { limit },
    );
  }
  return {
    init: () => ({ norm: Number.NaN }),
    update(gradients, state) {
      state.norm = globalNorm(gradients, options);
      const factor = limit / (state.norm + 1e-6);
      if (factor < 1 && Number.isFinite(state.norm)) {
        for (const gradient of Object.values(gradients)) scale(gradient, factor);
      }
      return gradients;
    },
  };
}

function scale(array: Float32Array, factor: number): void {
  for (let i = 0; i < array.length; i++) array[i]! *= factor;
}
