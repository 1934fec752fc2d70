import type { Numbers } from "@kindred/testing";

/** The columns of a matrix. */
export const columns = ({ shape }: Numbers) => shape[1]!;
/** A matrix by its elements. */
export const table = (rows: number, columns: number, at: (row: number, column: number) => number): Float64Array =>
  Float64Array.from({ length: rows * columns }, (_, i) => at(Math.floor(i / columns), i % columns));
/** An element of a matrix. */
export const cell = ({ shape, values }: Numbers, row: number, column: number) => values[row * shape[1]! + column]!;
/** A sum of terms. */
export const total = (count: number, term: (i: number) => number) => {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += term(i);
  return sum;
};
