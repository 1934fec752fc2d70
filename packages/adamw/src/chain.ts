import type { Transformation } from "./transformation.ts";

/** The state of a part. */
export type StateOf<T> = T extends Transformation<infer S> ? S : never;

// biome-ignore lint/suspicious/noExplicitAny: each part has a state type of its own
type Parts = { readonly [name: string]: Transformation<any> };

/**
 * One transformation that runs the parts in the order in which they are written, each on what the one before gave.
 *
 * The parts are named, and so is the state: `state.clip.norm` is the part `clip`'s `norm`. An empty chain gives the gradients.
 *
 * @example
 * ```ts
 * import { adamw, applyUpdates, chain, clipByGlobalNorm, linearSchedule } from "@kindred/adamw";
 *
 * const learningRate = linearSchedule({ learningRate: 0.1, steps: 10 });
 * const optimizer = chain({ clip: clipByGlobalNorm(1), adamw: adamw({ learningRate }) });
 * const weights = { w: Float32Array.of(1, 2) };
 * const state = optimizer.init(weights);
 * applyUpdates(weights, optimizer.update({ w: Float32Array.of(3, -4) }, state, weights));
 * weights.w; // => [0.9, 2.1]
 * state.clip.norm; // => 5
 * state.adamw.adam.step; // => 1
 * ```
 */
export function chain<P extends Parts>(parts: P): Transformation<{ [Name in keyof P]: StateOf<P[Name]> }> {
  type State = { [Name in keyof P]: StateOf<P[Name]> };
  const entries = Object.entries(parts);
  return {
    init: (parameters, options) =>
      Object.fromEntries(entries.map(([name, part]) => [name, part.init(parameters, options)])) as State,
    update: (gradients, state, parameters) =>
      entries.reduce((updates, [name, part]) => part.update(updates, state[name], parameters), gradients),
  };
}
