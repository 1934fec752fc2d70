import { ConfigError, ShapeError } from "@kindred/errors";
import { expectMutantToFail } from "@kindred/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { symmetricEigen } from "./index.ts";

test("gives 3 and 1, of (1, 1) and (1, −1), for [[2, 1], [1, 2]], whose upper half is not read", () => {
  const { values, vectors } = symmetricEigen(Float64Array.of(2, Number.NaN, 1, 2), 2);
  expect([...values].map((value) => value.toFixed(14))).toEqual(["3.00000000000000", "1.00000000000000"]);
  const [a = 0, b = 0, c = 0, d = 0] = vectors;
  expect(Math.abs(a - b) + Math.abs(c + d)).toBeLessThan(1e-15);
  expect(Math.abs(a)).toBeCloseTo(Math.SQRT1_2, 14);
});

/** Symmetric matrices as A and its size: of equal eigenvalues, of rank 0 and 1, diagonal and of huge and tiny numbers too. */
const matrices = fc.integer({ min: 1, max: 12 }).chain((size) => {
  const number = fc.oneof(fc.constantFrom(0, 1), fc.double({ min: -4, max: 4, noNaN: true }));
  return fc
    .tuple(fc.array(number, { minLength: size * size, maxLength: size * size }), fc.constantFrom(1e-150, 1, 1e150))
    .map(([numbers, scale]) => {
      const matrix = new Float64Array(size * size);
      for (let i = 0; i < size; i++)
        for (let j = 0; j <= i; j++) matrix[i * size + j] = matrix[j * size + i] = scale * (numbers[i * size + j] ?? 0);
      return { matrix, size };
    });
});

const norm = (values: Float64Array) => Math.hypot(...values);
const row = (rows: Float64Array, k: number, size: number) => rows.subarray(k * size, (k + 1) * size);
const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);

test("vectors have length 1 and are orthogonal, and the matrix only stretches them, the largest first", () => {
  fc.assert(
    fc.property(matrices, ({ matrix, size }) => {
      const { values, vectors } = symmetricEigen(matrix, size);
      // Backward stable: some size roundings of the whole matrix (Golub, Van Loan, section 8.3.5).
      const tolerance = 64 * size * Number.EPSILON;
      const stretched = (value: number, k: number) => {
        const vector = row(vectors, k, size);
        const product = Float64Array.from(vector, (_, i) => dot(row(matrix, i, size), vector));
        return norm(product.map((number, i) => number - value * (vector[i] ?? 0)));
      };
      for (let k = 0; k < size; k++) {
        for (let other = 0; other <= k; other++)
          expect(Math.abs(dot(row(vectors, k, size), row(vectors, other, size)) - (k === other ? 1 : 0))).toBeLessThan(
            tolerance,
          );
        expect(stretched(values[k] ?? 0, k)).toBeLessThanOrEqual(tolerance * norm(matrix));
        if (k > 0) expect(values[k]).toBeLessThanOrEqual(values[k - 1] ?? 0);
      }
      if (norm(matrix) > 0)
        expectMutantToFail(() =>
          expect(stretched((values[0] ?? 0) + norm(matrix) / 1e6, 0)).toBeLessThan(tolerance * norm(matrix)),
        );
    }),
  );
});

test("refuses what is no square matrix, or no matrix of numbers", () => {
  expect(() => symmetricEigen(Float64Array.of(1, 0, Number.NaN, 1), 2)).toThrow(ConfigError);
  expect(() => symmetricEigen(new Float64Array(5), 2)).toThrow(ShapeError);
  expect(() => symmetricEigen(new Float64Array(0), 0)).toThrow(
    "symmetricEigen: no square matrix. Got 0 numbers and size 0",
  );
});
