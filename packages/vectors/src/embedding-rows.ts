import { ConfigError, ShapeError } from "@kindred/errors";

/** Embeddings as rows, end to end in one array: row i is elements i·dimension … (i + 1)·dimension − 1. */
export type EmbeddingRows = {
  /** rows × dimension numbers. */
  readonly embeddings: Float32Array;
  /** How many numbers a row has, at least 1. */
  readonly dimension: number;
};

/**
 * How many rows a set has.
 *
 * @param functionName whose argument it is, named in the error beside `argumentName`
 * @throws ShapeError for an array that is not whole rows
 *
 * @example
 * ```ts
 * import { rowCount } from "@kindred/vectors";
 *
 * rowCount("search", "queries", { embeddings: new Float32Array(6), dimension: 3 }); // => 2
 * ```
 */
export function rowCount(functionName: string, argumentName: string, { embeddings, dimension }: EmbeddingRows): number {
  if (Number.isSafeInteger(dimension) && dimension >= 1 && embeddings.length % dimension === 0) {
    return embeddings.length / dimension;
  }
  throw new ShapeError(
    `${functionName}: ${argumentName} is not whole rows. Got ${embeddings.length} numbers and dimension ${dimension}, expected a multiple of the dimension.`,
    { [argumentName]: embeddings.length, dimension },
  );
}

/**
 * The number of rows that two or more sets share.
 *
 * @param sets by the names of the function's arguments
 * @throws ShapeError for sets of different lengths or dimensions
 *
 * @example
 * ```ts
 * import { expectSameRows } from "@kindred/vectors";
 *
 * const rows = { embeddings: new Float32Array(6), dimension: 3 };
 * expectSameRows("compare", { first: rows, second: rows }); // => 2
 * ```
 */
export function expectSameRows(functionName: string, sets: { readonly [name: string]: EmbeddingRows }): number {
  const counts = Object.entries(sets).map(([name, rows]) => rowCount(functionName, name, rows));
  expectSameDimension(functionName, sets);
  const [count = 0, ...others] = counts;
  if (others.every((other) => other === count)) return count;
  throw new ShapeError(
    `${functionName}: not as many rows. Got ${listed(sets, counts)}, expected equal numbers of rows.`,
    { counts },
  );
}

/**
 * Makes sure that the rows of all sets are equally long.
 *
 * @param sets by the names of the function's arguments
 * @throws ShapeError for sets of different dimensions
 *
 * @example
 * ```ts
 * import { expectSameDimension } from "@kindred/vectors";
 *
 * const [queries, corpus] = [3, 3].map((dimension) => ({ embeddings: new Float32Array(6), dimension }));
 * expectSameDimension("search", { queries, corpus });
 * ```
 */
export function expectSameDimension(functionName: string, sets: { readonly [name: string]: EmbeddingRows }): void {
  const dimensions = Object.values(sets).map((rows) => rows.dimension);
  if (new Set(dimensions).size <= 1) return;
  throw new ShapeError(
    `${functionName}: rows of different dimensions. Got ${listed(sets, dimensions)}, expected one dimension. Are they by one model?`,
    { dimensions },
  );
}

function listed(sets: { readonly [name: string]: unknown }, numbers: readonly number[]): string {
  return Object.keys(sets)
    .map((name, i) => `${name} ${numbers[i]}`)
    .join(", ");
}

/** How long the rows become. */
export type ShortenOptions = {
  /** How many features of each row stay, from its first. Default: all. */
  readonly dimension?: number;
  /** Whether each row is divided by its length then. Default: no. */
  readonly normalize?: boolean;
};

/**
 * The first features of every row, as models trained for it (Matryoshka) can spare the rest, divided by their length if `normalize`
 * is set; a row of zeros stays one.
 *
 * Nothing is copied that need not be: with all features kept, the rows themselves come back, and they are normalised in place.
 *
 * @throws ShapeError for an array that is not whole rows; ConfigError for a dimension that rows do not have
 * @see Kusupati et al., "Matryoshka representation learning", 2022
 *
 * @example
 * ```ts
 * import { shortenRows } from "@kindred/vectors";
 *
 * const rows = { embeddings: Float32Array.of(3, 4, 12, 0, 0, 1), dimension: 3 };
 * shortenRows(rows, { dimension: 2, normalize: true }); // => { embeddings: [0.6, 0.8, 0, 0], dimension: 2 }
 * ```
 */
export function shortenRows(
  rows: EmbeddingRows,
  { dimension = rows.dimension, normalize = false }: ShortenOptions = {},
): EmbeddingRows {
  rowCount("shortenRows", "rows", rows);
  if (!Number.isInteger(dimension) || dimension < 1 || dimension > rows.dimension) {
    throw new ConfigError(
      `shortenRows: no such dimension. Got ${dimension}, expected an integer from 1 to the rows' ${rows.dimension}.`,
      { dimension },
    );
  }
  const shortened = dimension === rows.dimension ? rows.embeddings : cut(rows, dimension);
  if (normalize) normalizeRows(shortened, dimension);
  return { embeddings: shortened, dimension };
}

function cut({ embeddings, dimension: width }: EmbeddingRows, dimension: number): Float32Array {
  const count = embeddings.length / width;
  const result = new Float32Array(count * dimension);
  for (let row = 0; row < count; row++)
    result.set(embeddings.subarray(row * width, row * width + dimension), row * dimension);
  return result;
}

function normalizeRows(rows: Float32Array, dimension: number): void {
  for (let start = 0; start < rows.length; start += dimension) {
    let squares = 0;
    // `!` and `/=`: every i lies in the row.
    for (let i = start; i < start + dimension; i++) squares += rows[i]! * rows[i]!;
    const norm = Math.max(Math.sqrt(squares), 1e-12); // torch.nn.functional.normalize's
    for (let i = start; i < start + dimension; i++) rows[i]! /= norm;
  }
}
