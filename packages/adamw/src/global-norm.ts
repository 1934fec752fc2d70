import type { NamedArrays } from "./named-arrays.ts";

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
  const own = Object.values(arrays).reduce((sum, array) => sum + squares(array), 0);
  return Math.sqrt(options.sumSquares === undefined ? own : options.sumSquares(own));
}

/** Four sums, for a single one would wait for each addition before it could begin the next. */
function squares(array: Float32Array): number {
  const whole = array.length - (array.length % 4);
  let [a, b, c, d] = [0, 0, 0, 0];
  for (let i = 0; i < whole; i += 4) {
    a += array[i]! * array[i]!;
    b += array[i + 1]! * array[i + 1]!;
    c += array[i + 2]! * array[i + 2]!;
    d += array[i + 3]! * array[i + 3]!;
  }
  for (let i = whole; i < array.length; i++) a += array[i]! * array[i]!;
  return a + b + (c + d);
}
