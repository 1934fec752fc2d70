import { ShapeError } from "@kindred/errors";

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
