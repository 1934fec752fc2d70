import type { EmbeddingRows } from "@kindred/evaluation";

/**
 * The first features of every row, divided by their length if `normalize` is set; a row of zeros stays one. What
 * changes nothing gives back the rows themselves, and normalising happens in place.
 */
export function shortenRows(
  rows: EmbeddingRows,
  { dimension, normalize }: { readonly dimension: number; readonly normalize: boolean },
): EmbeddingRows {
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
    for (let i = start; i < start + dimension; i++) squares += rows[i]! * rows[i]!;
    const norm = Math.max(Math.sqrt(squares), 1e-12); // torch.nn.functional.normalize's
    for (let i = start; i < start + dimension; i++) rows[i]! /= norm;
  }
}
