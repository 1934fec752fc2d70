/**
 * The gradient of a scalar function of numbers by central differences, (f(x + h·e) − f(x − h·e)) / 2h, in float64.
 *
 * h = step · max(1, |x|), by default step = 1e-5: the truncation error is about h²·|f‴|/6 ≈ 2e-11 and the rounding error about
 * 2⁻⁵³·|f|/h ≈ 1e-11, relative to functions and derivatives near 1. So it is a reference for float32 and must not be used beyond 1e-8.
 *
 * @param only the coordinates to differentiate by; default all. The others are NaN in the result.
 * @see Press et al. 2007, *Numerical Recipes*, 3rd edition, section 5.7.
 */
export function finiteDifferences(
  f: (x: Float64Array) => number,
  x: ArrayLike<number>,
  { step = 1e-5, only }: { readonly step?: number; readonly only?: readonly number[] } = {},
): Float64Array {
  const at = Float64Array.from(x);
  const gradient = new Float64Array(at.length).fill(Number.NaN);
  for (const i of only ?? at.keys()) {
    const centre = at[i] ?? Number.NaN;
    const h = step * Math.max(1, Math.abs(centre));
    at[i] = centre + h;
    const high = f(at);
    at[i] = centre - h;
    const low = f(at);
    gradient[i] = (high - low) / (centre + h - (centre - h)); // the step that was really made
    at[i] = centre;
  }
  return gradient;
}
