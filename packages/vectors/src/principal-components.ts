import { ConfigError, ShapeError } from "@kindred/errors";
import { type EmbeddingRows, rowCount } from "./embedding-rows.ts";
import { symmetricEigen } from "./symmetric-eigen.ts";

/** The directions in which rows differ most. */
export type PrincipalComponents = {
  /** The mean of all rows; zeros where the rows were not centred. */
  readonly mean: Float64Array;
  /** `"dimension features"`: row k is the k-th direction, of length 1, orthogonal to the others. */
  readonly components: Float64Array;
  /** The mean square of the rows (less their mean) along each direction, from the largest down. */
  readonly variances: Float64Array;
  /** The mean square of the rows along all directions. */
  readonly totalVariance: number;
};

/** What of the rows {@link principalComponents} takes. */
export type PrincipalComponentsOptions = {
  /** How many directions, at most the rows' own dimension. */
  readonly dimension: number;
  /**
   * Whether directions are those of the rows less their mean, or those of the rows themselves, which keep inner products and cosines best.
   * Default: true.
   */
  readonly centre?: boolean;
};

/**
 * The principal components of rows, in float64. The rows come window by window and are read once, so there may be more than memory holds:
 * what is kept is a matrix of dimension × dimension.
 *
 *     C = Σ_r (x_r − mean)(x_r − mean)ᵀ / rows = Σ_k variances[k] · c_k c_kᵀ
 *
 * Of a direction the sign is so that its largest number is positive. Variances are those of the rows given, divided by their number, not by
 * one less (where scikit-learn's `PCA` estimates those of a population). Mean squares are taken about the first row, so that a mean far
 * from zero costs no digits.
 *
 * @throws ShapeError without rows, or for windows of different dimensions; ConfigError for more directions than dimensions
 * @see Jolliffe (2002), Principal component analysis, section 2.1.
 *
 * @example
 * ```ts
 * import { principalComponents } from "@kindred/vectors";
 *
 * const rows = { embeddings: Float32Array.of(3, 4, -3, -4, 4, -3, -4, 3, 6, 8, -6, -8), dimension: 2 };
 * const { components, variances, totalVariance } = await principalComponents([rows], { dimension: 1 });
 * components; // => [0.6, 0.8]
 * [variances[0], totalVariance]; // => [41.6667, 50.0]
 * ```
 */
export async function principalComponents(
  windows: Iterable<EmbeddingRows> | AsyncIterable<EmbeddingRows>,
  { dimension, centre = true }: PrincipalComponentsOptions,
): Promise<PrincipalComponents> {
  let sums: Moments | undefined;
  for await (const window of windows) {
    if (rowCount("principalComponents", "a window", window) === 0) continue;
    sums ??= moments(centre ? window.embeddings.slice(0, window.dimension) : new Float32Array(window.dimension));
    sums.add(window);
  }
  if (sums === undefined) throw new ShapeError("principalComponents: no rows. Expected one at least.");
  const { origin, first, second, rows } = sums;
  const features = origin.length;
  if (!Number.isInteger(dimension) || dimension < 1 || dimension > features)
    throw new ConfigError(
      `principalComponents: no such dimension. Got ${dimension}, expected an integer from 1 to the rows' ${features}.`,
      { dimension },
    );
  // `!` below: places within arrays of these sizes.
  const offset = first.map((sum) => (centre ? sum / rows() : 0));
  for (let i = 0; i < features; i++)
    for (let j = 0; j <= i; j++)
      second[i * features + j] = second[i * features + j]! / rows() - offset[i]! * offset[j]!;
  let totalVariance = 0;
  for (let i = 0; i < features; i++) totalVariance += second[i * features + i]!;
  const { values, vectors } = symmetricEigen(second, features);
  const components = vectors.slice(0, dimension * features);
  for (let k = 0; k < dimension; k++) orient(components.subarray(k * features, (k + 1) * features));
  return {
    mean: offset.map((value, i) => (centre ? value + origin[i]! : 0)),
    components,
    variances: values.slice(0, dimension).map((value) => Math.max(0, value)),
    totalVariance,
  };
}

/** Turns a direction so that its largest number is positive. */
function orient(direction: Float64Array): void {
  const largest = direction.reduce((most, value) => (Math.abs(value) > Math.abs(most) ? value : most), 0);
  if (largest < 0) for (let i = 0; i < direction.length; i++) direction[i] = -direction[i]!; // i < length
}

type Moments = {
  readonly origin: Float32Array;
  /** Σ (x − origin) */
  readonly first: Float64Array;
  /** Σ (x − origin)(x − origin)ᵀ, the lower half */
  readonly second: Float64Array;
  rows(): number;
  add(window: EmbeddingRows): void;
};

/** Rows that are added to the matrix in one pass over it. */
const together = 4;

function moments(origin: Float32Array): Moments {
  const n = origin.length;
  const [first, second] = [new Float64Array(n), new Float64Array(n * n)];
  const [a, b, c, d] = [0, 1, 2, 3].map(() => new Float64Array(n)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ]; // as many as `together`
  let rows = 0;
  return {
    origin,
    first,
    second,
    rows: () => rows,
    add({ embeddings, dimension }) {
      if (dimension !== n)
        throw new ShapeError(
          `principalComponents: windows of different dimensions. Got ${dimension} after ${n}, expected one dimension.`,
          { dimension, expected: n },
        );
      const count = embeddings.length / n;
      rows += count;
      // `!` below: places within arrays of these sizes.
      for (let row = 0; row < count; row += together) {
        for (const [k, x] of [a, b, c, d].entries())
          for (let i = 0; i < n; i++) {
            x[i] = row + k < count ? embeddings[(row + k) * n + i]! - origin[i]! : 0;
            first[i]! += x[i]!;
          }
        for (let i = 0, at = 0; i < n; i++, at = i * n) {
          const [ai, bi, ci, di] = [a[i]!, b[i]!, c[i]!, d[i]!];
          for (let j = 0; j <= i; j++, at++) second[at]! += ai * a[j]! + bi * b[j]! + ci * c[j]! + di * d[j]!;
        }
      }
    },
  };
}

/**
 * Rows in the space of some principal components: y_k = c_k · (x − mean).
 *
 * @throws ShapeError for rows of another dimension than the components were made of
 *
 * @example
 * ```ts
 * import { projectRows } from "@kindred/vectors";
 *
 * const space = { mean: Float64Array.of(1, 0), components: Float64Array.of(0.6, 0.8) };
 * projectRows({ embeddings: Float32Array.of(4, 4), dimension: 2 }, space); // => { embeddings: [5.0], dimension: 1 }
 * ```
 */
export function projectRows(
  rows: EmbeddingRows,
  { mean, components }: Pick<PrincipalComponents, "mean" | "components">,
): EmbeddingRows {
  const count = rowCount("projectRows", "rows", rows);
  const features = mean.length;
  if (rows.dimension !== features)
    throw new ShapeError(
      `projectRows: the rows are of another dimension. Got ${rows.dimension}, expected the components' ${features}.`,
      { dimension: rows.dimension, features },
    );
  const dimension = components.length / features;
  const embeddings = new Float32Array(count * dimension);
  const centred = new Float64Array(features);
  // `!` below: places within arrays of these sizes.
  for (let row = 0; row < count; row++) {
    for (let i = 0; i < features; i++) centred[i] = rows.embeddings[row * features + i]! - mean[i]!;
    for (let k = 0, at = 0; k < dimension; k++) {
      let total = 0;
      for (let i = 0; i < features; i++, at++) total += components[at]! * centred[i]!;
      embeddings[row * dimension + k] = total;
    }
  }
  return { embeddings, dimension };
}
