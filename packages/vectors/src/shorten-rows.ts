import { ConfigError } from "@kindred/errors";
import { type EmbeddingRows, rowCount } from "./embedding-rows.ts";

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
