import { nextTask } from "@kindred/mesh";
import { type EmbeddingRows, expectSameDimension, rowCount, type Similarity, similarityMatrix } from "@kindred/vectors";
import { ShapeError } from "@kindred/errors";

/** How many queries and rows have their scores in memory at a time. */
const [queryBlock, rowBlock] = [64, 4096];

/** What is looked for, and who is told. */
export type Scan = {
  /** The function that was called, for errors. */
  readonly where: string;
  readonly similarity: Similarity;
  /** Queries that are compared in one pass over a chunk of rows. */
  readonly queryChunkSize: number;
  /** Rows of a chunk: between two of them other tasks of this thread have their turn. */
  readonly corpusChunkSize: number;
  readonly signal?: AbortSignal | undefined;
  /** What a score must reach for this query to be told; asked anew as the scan goes on. */
  readonly least: (query: number) => number;
  /** A row whose similarity to the query, in float64, is at least that. Rows of one query come in their order. */
  readonly found: (query: number, row: number, score: number) => void;
};

/**
 * Compares every query with every row of all pieces, rows numbered through them, and tells of those that are alike enough.
 *
 * @throws ShapeError for rows of another dimension, and for numbers that are NaN or infinite
 */
export async function scanRows(
  queries: EmbeddingRows,
  pieces: AsyncIterable<EmbeddingRows> | Iterable<EmbeddingRows>,
  scan: Scan,
): Promise<void> {
  const { where, queryChunkSize, corpusChunkSize, signal } = scan;
  const queryCount = rowCount(where, "queries", queries);
  expectFinite(where, "queries", queries, 0);
  let first = 0;
  for await (const corpus of pieces) {
    const count = rowCount(where, "corpus", corpus);
    expectSameDimension(where, { queries, corpus });
    expectFinite(where, "corpus", corpus, first);
    for (let row = 0; row < count; row += corpusChunkSize) {
      const chunk = rowsFrom(corpus, row, corpusChunkSize);
      for (let query = 0; query < queryCount; query += queryChunkSize) {
        signal?.throwIfAborted();
        scanChunk(rowsFrom(queries, query, queryChunkSize), query, chunk, first + row, scan);
        await nextTask();
      }
    }
    first += count;
  }
}

function scanChunk(
  queries: EmbeddingRows,
  firstQuery: number,
  rows: EmbeddingRows,
  firstRow: number,
  { similarity, least, found }: Scan,
): void {
  const { dimension } = queries;
  const [queryCount, count] = [queries.embeddings.length / dimension, rows.embeddings.length / dimension];
  for (let from = 0; from < queryCount; from += queryBlock) {
    const block = rowsFrom(queries, from, queryBlock);
    for (let start = 0; start < count; start += rowBlock) {
      const { scores, rows: high, columns } = similarityMatrix(block, rowsFrom(rows, start, rowBlock), { similarity });
      for (let i = 0; i < high; i++) {
        const query = firstQuery + from + i;
        for (const [j, score] of scores.subarray(i * columns, (i + 1) * columns).entries()) {
          if (score >= least(query)) found(query, firstRow + start + j, score);
        }
      }
    }
  }
}

function rowsFrom({ embeddings, dimension }: EmbeddingRows, first: number, count: number): EmbeddingRows {
  return { embeddings: embeddings.subarray(first * dimension, (first + count) * dimension), dimension };
}

function expectFinite(where: string, name: string, { embeddings, dimension }: EmbeddingRows, first: number): void {
  const at = embeddings.findIndex((value) => !Number.isFinite(value));
  if (at < 0) return;
  const row = first + Math.floor(at / dimension);
  throw new ShapeError(
    `${where}: ${name} are not all numbers. Got ${embeddings[at]} in row ${row}, expected finite ones. Such a row is like none: leave it out.`,
    { [name]: row },
  );
}
