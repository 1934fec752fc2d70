import type { Numbers } from "@kindred/testing";

/** The rows of a matrix. */
export const rows = ({ shape: [rows = 0] }: Numbers) => rows;
/** The columns of a matrix. */
export const columns = ({ shape: [, columns = 0] }: Numbers) => columns;
/** A matrix by its elements. */
export const table = (rows: number, columns: number, at: (row: number, column: number) => number): Float64Array =>
  Float64Array.from({ length: rows * columns }, (_, i) => at(Math.floor(i / columns), i % columns));
/** An element of a matrix; NaN where there is none. */
export const cell = (matrix: Numbers, row: number, column: number) => element(matrix, row * columns(matrix) + column);
/** An element of a vector; NaN where there is none. */
export const element = ({ values }: Numbers, i: number) => values[i] ?? Number.NaN;
/** A sum of terms. */
export const total = (count: number, term: (i: number) => number) => {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += term(i);
  return sum;
};
