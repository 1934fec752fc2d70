import { ShapeError } from "@kindred/errors";

/** Embeddings as rows, end to end in one array: row i is elements i·dimension … (i + 1)·dimension − 1. */
export type EmbeddingRows = {
  /** rows × dimension numbers. */
  readonly embeddings: Float32Array;
  /** How many numbers a row has, at least 1. */
  readonly dimension: number;
};

/** How many rows there are; refuses an array that is not whole rows. */
export function rowCount(functionName: string, argumentName: string, { embeddings, dimension }: EmbeddingRows): number {
  if (Number.isSafeInteger(dimension) && dimension >= 1 && embeddings.length % dimension === 0) {
    return embeddings.length / dimension;
  }
  throw new ShapeError(
    `${functionName}: ${argumentName} is not whole rows. Got ${embeddings.length} numbers and dimension ${dimension}, expected a multiple of the dimension.`,
    { [argumentName]: embeddings.length, dimension },
  );
}

/** The number of rows that two or more sets share; refuses sets of different lengths or dimensions. */
export function expectSameRows(functionName: string, sets: { readonly [name: string]: EmbeddingRows }): number {
  const counts = Object.entries(sets).map(([name, rows]) => rowCount(functionName, name, rows));
  expectSameDimension(functionName, sets);
  if (new Set(counts).size === 1) return counts[0]!;
  throw new ShapeError(
    `${functionName}: not as many rows. Got ${listed(sets, counts)}, expected equal numbers of rows.`,
    { counts },
  );
}

/** Refuses sets whose rows have different lengths. */
export function expectSameDimension(functionName: string, sets: { readonly [name: string]: EmbeddingRows }): void {
  const dimensions = Object.values(sets).map((rows) => rows.dimension);
  if (new Set(dimensions).size === 1) return;
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
