import { ShapeError } from "@kindred/errors";

/**
 * Pearson's correlation of two lists of numbers: 1 when one is a rising straight line of the other, −1 when a falling
 * one.
 *
 *     Σ (xᵢ − x̄)(yᵢ − ȳ) / √(Σ (xᵢ − x̄)² · Σ (yᵢ − ȳ)²)
 *
 * In float64, in two passes. NaN if a list is constant, is shorter than 2, or holds NaN or infinities, as SciPy's
 * `pearsonr`.
 *
 * @throws ShapeError if the lists have different lengths
 * @see Pearson, "Notes on regression and inheritance in the case of two parents", Proc. Royal Society 58, 1895
 *
 * @example
 * ```ts
 * import { pearson } from "@kindred/evaluation";
 *
 * pearson([1, 2, 3], [2, 4, 9]); // => 0.9707
 * ```
 */
export function pearson(x: ArrayLike<number>, y: ArrayLike<number>): number {
  if (x.length !== y.length) {
    throw new ShapeError(
      `pearson: lists of different lengths. Got ${x.length} and ${y.length}, expected one y for each x.`,
      {
        x: x.length,
        y: y.length,
      },
    );
  }
  if (isConstant(x) || isConstant(y)) return NaN;
  const [a, b] = [unitDeviations(x), unitDeviations(y)];
  const sum = a.reduce((total, value, i) => total + value * b[i]!, 0); // `!`: as long as a
  return Math.max(-1, Math.min(1, sum));
}

/** Whether all numbers are equal: asked first, since rounding leaves the mean of equal numbers beside them. */
function isConstant(values: ArrayLike<number>): boolean {
  for (let i = 1; i < values.length; i++) if (values[i] !== values[0]) return false;
  return true;
}

/** What each number lies above the mean, scaled so that the squares add up to 1. */
function unitDeviations(values: ArrayLike<number>): Float64Array {
  const numbers = Float64Array.from(values);
  const mean = numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
  const deviations = numbers.map((value) => value - mean);
  // Scaled by the largest first, so that squares neither overflow nor vanish.
  const largest = deviations.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const length = Math.sqrt(deviations.reduce((sum, value) => sum + (value / largest) ** 2, 0));
  return deviations.map((value) => value / largest / length);
}
