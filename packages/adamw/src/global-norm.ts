import type { NamedArrays } from "./named-arrays.ts";
import { sumOfSquares } from "./sum-of-squares.ts";

/** How {@link globalNorm} sees the arrays that other cores hold. */
export type GlobalNormOptions = {
  /** Gives the sum over all cores of what each has, e.g. an all-reduce. Called once. Default: there are no other cores. */
  readonly sumSquares?: (own: number) => number;
};

/**
 * The Euclidean norm of all arrays taken as one long vector: √(Σ x²). No arrays have norm 0.
 *
 * Squares are summed in float64, in which no float32 overflows and none vanishes. NaN or an infinity anywhere gives just that.
 *
 * @example
 * ```ts
 * import { globalNorm } from "@kindred/adamw";
 *
 * globalNorm({ weight: Float32Array.of(2, 3), bias: Float32Array.of(6) }); // => 7
 * // Two cores, the other one holds squares of 32:
 * globalNorm({ weight: Float32Array.of(2, 0) }, { sumSquares: (own) => own + 32 }); // => 6
 * ```
 */
export function globalNorm(arrays: NamedArrays, options: GlobalNormOptions = {}): number {
  const own = Object.values(arrays).reduce((sum, array) => sum + sumOfSquares(array), 0);
  return Math.sqrt(options.sumSquares === undefined ? own : options.sumSquares(own));
}
