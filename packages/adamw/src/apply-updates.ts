import { checkLengths } from "./check-lengths.ts";
import type { NamedArrays } from "./named-arrays.ts";

/**
 * Adds the updates to the parameters, in place: θ ← θ + u. Parameters without an update stay as they are.
 *
 * @throws ShapeError if an update has no parameter of its name and length; nothing is changed then.
 *
 * @example
 * ```ts
 * import { applyUpdates } from "@kindred/adamw";
 *
 * const weights = { w: Float32Array.of(1, 2), frozen: Float32Array.of(7) };
 * applyUpdates(weights, { w: Float32Array.of(0.5, -0.5) });
 * weights; // => { w: [1.5, 1.5], frozen: [7] }
 * ```
 */
export function applyUpdates(parameters: NamedArrays, updates: NamedArrays): void {
  checkLengths("applyUpdates", updates, parameters);
  for (const [name, update] of Object.entries(updates)) add(parameters[name]!, update);
}

function add(parameter: Float32Array, update: Float32Array): void {
  for (let i = 0; i < update.length; i++) parameter[i]! += update[i]!;
}
