import { ConfigError, ShapeError } from "@kindred/errors";

/** The eigenvalues of a symmetric matrix, and its eigenvectors. */
export type Eigen = {
  /** From the largest to the smallest. */
  readonly values: Float64Array;
  /** `"size size"`: row k is the vector of `values[k]`, of length 1. They are orthogonal. */
  readonly vectors: Float64Array;
};

/**
 * The eigenvalues and eigenvectors of a symmetric matrix, in float64: A = Σ_k values[k] · v_k v_kᵀ.
 *
 * Householder's reflections make the matrix tridiagonal, rotations of the implicit QL method then diagonal: about 10 · size³ operations,
 * four seconds for 768. Errors are some 10⁻¹⁶ · size of the largest eigenvalue.
 *
 * @param matrix row after row; of its two equal halves only the lower one is read
 * @throws ShapeError for an array that is no square matrix of this size; ConfigError for numbers that are NaN or infinite
 * @see Golub, Van Loan (2013), Matrix computations, sections 8.3.1 and 8.3.3; Dubrulle, Martin, Wilkinson (1968), The implicit QL algorithm.
 *
 * @example
 * ```ts
 * import { symmetricEigen } from "@kindred/vectors";
 *
 * const { values, vectors } = symmetricEigen(Float64Array.of(2, 1, 1, 2), 2);
 * values; // => [3.0, 1.0]
 * Math.abs(vectors[0] + vectors[1]); // => 1.4142
 * ```
 */
export function symmetricEigen(matrix: Float64Array, size: number): Eigen {
  if (!Number.isInteger(size) || size < 1 || matrix.length !== size * size)
    throw new ShapeError(
      `symmetricEigen: no square matrix. Got ${matrix.length} numbers and size ${size}, expected size · size.`,
      { length: matrix.length, size },
    );
  const largest = largestOf(matrix, size);
  // At a largest number of 1 no square overflows, and what underflows is nothing beside it.
  const { diagonal, beside, basis } = tridiagonal(largest === 0 ? matrix : matrix.map((x) => x / largest), size);
  diagonalize(diagonal, beside, basis);
  const order = [...diagonal.keys()].sort((a, b) => (diagonal[b] ?? 0) - (diagonal[a] ?? 0));
  const vectors = new Float64Array(size * size);
  for (const [k, from] of order.entries()) vectors.set(basis.subarray(from * size, (from + 1) * size), k * size);
  return { values: Float64Array.from(order, (from) => (diagonal[from] ?? 0) * (largest === 0 ? 1 : largest)), vectors };
}

/** The largest magnitude in the lower half. */
function largestOf(matrix: Float64Array, size: number): number {
  let largest = 0;
  for (let i = 0; i < size; i++)
    for (const value of matrix.subarray(i * size, i * size + i + 1)) {
      if (!Number.isFinite(value))
        throw new ConfigError(`symmetricEigen: not a matrix of numbers. Got ${value}, expected finite ones.`, {
          value,
        });
      largest = Math.max(largest, Math.abs(value));
    }
  return largest;
}

/** Beside a largest number of 1 this is nothing, while its square is still a number of all its digits. */
const tiny = 1e-140;

/** T = Qᵀ A Q with T tridiagonal: its diagonal, what stands beside that, and Qᵀ. */
function tridiagonal(matrix: Float64Array, n: number) {
  // `!`: all places lie within the arrays, whose sizes are those of the loops.
  const a = matrix.slice();
  const beside = new Float64Array(n);
  const reflections: { readonly v: Float64Array; readonly factor: number }[] = [];
  for (let k = 0; k < n - 2; k++) {
    const m = n - k - 1; // of the rows below k
    const v = Float64Array.from({ length: m }, (_, i) => a[(k + 1 + i) * n + k]!);
    const length = Math.hypot(...chunksOf(v));
    const target = v[0]! > 0 ? -length : length;
    v[0]! -= target;
    const square = v.reduce((sum, value) => sum + value * value, 0);
    const factor = square < tiny * tiny ? 0 : 2 / square;
    beside[k] = factor === 0 ? v[0]! + target : target;
    reflections.push({ v, factor });
    if (factor === 0) continue;
    const p = new Float64Array(m);
    for (let i = 0; i < m; i++) {
      const row = (k + 1 + i) * n + k + 1;
      let total = 0;
      for (let j = 0; j < i; j++) {
        total += a[row + j]! * v[j]!;
        p[j]! += a[row + j]! * v[i]!;
      }
      p[i]! += total + a[row + i]! * v[i]!;
    }
    let product = 0;
    for (let i = 0; i < m; i++) product += factor * p[i]! * v[i]!;
    for (let i = 0; i < m; i++) p[i] = factor * (p[i]! - (product / 2) * v[i]!);
    for (let i = 0; i < m; i++) {
      const row = (k + 1 + i) * n + k + 1;
      for (let j = 0; j <= i; j++) a[row + j]! -= v[i]! * p[j]! + p[i]! * v[j]!;
    }
  }
  if (n > 1) beside[n - 2] = a[(n - 1) * n + n - 2]!;
  const diagonal = Float64Array.from({ length: n }, (_, i) => a[i * n + i]!);
  return { diagonal, beside, basis: transposedProduct(reflections, n) };
}

/** A long array as lengths of its parts: `Math.hypot` takes so many arguments, and neither overflows nor underflows. */
function chunksOf(values: Float64Array): number[] {
  const lengths: number[] = [];
  for (let at = 0; at < values.length; at += 1024) lengths.push(Math.hypot(...values.subarray(at, at + 1024)));
  return lengths;
}

/** (H₀ H₁ …)ᵀ of reflections H_k = 1 − factor · v vᵀ of the coordinates behind k. */
function transposedProduct(
  reflections: readonly { readonly v: Float64Array; readonly factor: number }[],
  n: number,
): Float64Array {
  // `!`: all places lie within the rows.
  const rows = new Float64Array(n * n); // the transpose: reflections act on its rows
  for (let i = 0; i < n; i++) rows[i * n + i] = 1;
  for (const [k, { v, factor }] of [...reflections.entries()].reverse())
    for (let row = 0; row < n; row++) {
      const start = row * n + k + 1;
      let product = 0;
      for (let i = 0; i < v.length; i++) product += v[i]! * rows[start + i]!;
      if (product === 0) continue;
      for (let i = 0; i < v.length; i++) rows[start + i]! -= factor * product * v[i]!;
    }
  return rows;
}

/** Rotates until `beside` is 0: `diagonal` then holds the eigenvalues, and the rows of `basis` their vectors. */
function diagonalize(diagonal: Float64Array, beside: Float64Array, basis: Float64Array): void {
  const n = diagonal.length;
  for (let first = 0; first < n; first++)
    for (;;) {
      let last = first;
      while (last < n - 1 && !isNothing(diagonal, beside, last)) last++;
      if (last === first) break;
      qlStep(diagonal, beside, basis, { first, last });
    }
}

/** Whether what stands beside the diagonal is lost in its rounding. */
function isNothing(diagonal: Float64Array, beside: Float64Array, at: number): boolean {
  // `!`: at + 1 is below the length of both.
  const scale = Math.abs(diagonal[at]!) + Math.abs(diagonal[at + 1]!);
  return Math.abs(beside[at]!) <= Math.max(Number.EPSILON * scale, tiny);
}

/** One sweep of the QL method on the block from `first` to `last`, with Wilkinson's shift. */
function qlStep(
  d: Float64Array,
  e: Float64Array,
  basis: Float64Array,
  { first, last }: { readonly first: number; readonly last: number },
): void {
  // `!`: first ≤ i < last < the length of both.
  const n = d.length;
  const half = (d[first + 1]! - d[first]!) / (2 * e[first]!);
  const root = Math.hypot(half, 1);
  let g = d[last]! - d[first]! + e[first]! / (half + (half < 0 ? -root : root));
  let [sine, cosine, moved] = [1, 1, 0];
  for (let i = last - 1; i >= first; i--) {
    const f = sine * e[i]!;
    const b = cosine * e[i]!;
    const r = Math.hypot(f, g);
    e[i + 1] = r < tiny ? 0 : r;
    if (r < tiny) {
      d[i + 1]! -= moved;
      e[last] = 0;
      return;
    }
    [sine, cosine] = [f / r, g / r];
    const h = d[i + 1]! - moved;
    const t = (d[i]! - h) * sine + 2 * cosine * b;
    moved = sine * t;
    d[i + 1] = h + moved;
    g = cosine * t - b;
    for (let at = i * n, next = at + n, end = next; at < end; at++, next++) {
      const [x, y] = [basis[at]!, basis[next]!];
      basis[next] = sine * x + cosine * y;
      basis[at] = cosine * x - sine * y;
    }
  }
  d[first]! -= moved;
  e[first] = g;
  e[last] = 0;
}
