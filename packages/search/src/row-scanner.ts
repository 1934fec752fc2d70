import { ShapeError } from "@kindred/errors";
import { nextTask } from "@kindred/mesh";
import { type EmbeddingRows, expectSameDimension, rowCount, type Similarity } from "@kindred/vectors";
import { BlockScanner, type Findings, scanPlaces } from "./block-scanner.ts";
import { startKernels } from "./kernels.ts";
import { prepareQueries } from "./prepare-queries.ts";

/** So many bytes of rows stay in a second cache beside queries and scores while every query is compared with them. */
const blockBytes = 262_144;

/** What is scanned, and by what. */
export type RowScannerOptions = {
  readonly dimension: number;
  readonly similarity: Similarity;
  /** Queries that are compared in one pass over a chunk of rows. */
  readonly queryChunkSize: number;
  /** Rows of a chunk: between two of them other tasks of this thread have their turn. */
  readonly corpusChunkSize: number;
  readonly signal?: AbortSignal | undefined;
};

/** Compares queries with rows of JavaScript's arrays, which it copies block by block to where the kernels are. */
export class RowScanner {
  readonly #where: string;
  readonly #options: RowScannerOptions;
  readonly #memory: WebAssembly.Memory;
  readonly #blocks: BlockScanner;
  readonly #blockRows: number;
  readonly #rowsAt: number;

  private constructor(where: string, options: RowScannerOptions, memory: WebAssembly.Memory, blocks: BlockScanner) {
    this.#where = where;
    this.#options = options;
    this.#memory = memory;
    this.#blocks = blocks;
    this.#blockRows = blockRowsOf(options.dimension);
    this.#rowsAt = scanPlaces(options.queryChunkSize, 4 * options.dimension, this.#blockRows).end;
  }

  /**
   * A scanner with memory for a chunk of queries and a block of rows.
   *
   * @param where the function that was called, for errors
   */
  static async start(where: string, options: RowScannerOptions): Promise<RowScanner> {
    const { dimension, queryChunkSize } = options;
    const blockRows = blockRowsOf(dimension);
    const places = scanPlaces(queryChunkSize, 4 * dimension, blockRows);
    const pages = Math.ceil((places.end + 4 * blockRows * dimension) / 65_536);
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    const blocks = new BlockScanner(await startKernels(memory), memory, places, dimension);
    return new RowScanner(where, options, memory, blocks);
  }

  /**
   * Compares every query with every row of all pieces, rows numbered through them, and tells of those that are alike enough.
   *
   * @throws ShapeError for rows of another dimension, and for numbers that are NaN or infinite
   */
  async scan(
    queries: EmbeddingRows,
    pieces: AsyncIterable<EmbeddingRows> | Iterable<EmbeddingRows>,
    { least, found }: Omit<Findings, "inspect">,
  ): Promise<void> {
    const { queryChunkSize, corpusChunkSize, similarity, signal } = this.#options;
    const queryCount = rowCount(this.#where, "queries", queries);
    for (let query = 0; query < queryCount; query++) this.#expectFinite("queries", query, rowsFrom(queries, query, 1));
    let first = 0;
    for await (const corpus of pieces) {
      const count = rowCount(this.#where, "corpus", corpus);
      expectSameDimension(this.#where, { queries, corpus });
      for (let row = 0; row < count; row += corpusChunkSize) {
        const chunk = rowsFrom(corpus, row, corpusChunkSize);
        for (let from = 0; from < queryCount; from += queryChunkSize) {
          signal?.throwIfAborted();
          const prepared = prepareQueries(rowsFrom(queries, from, queryChunkSize), similarity);
          this.#blocks.take(prepared);
          this.#scanChunk(prepared, chunk, first + row, {
            least: (query) => least(from + query),
            found: (query, at, score) => found(from + query, at, score),
            inspect: (at, vector) => this.#expectFinite("corpus", at, { ...corpus, embeddings: vector }),
          });
          await nextTask();
        }
      }
      first += count;
    }
  }

  #scanChunk(
    queries: ReturnType<typeof prepareQueries>,
    { embeddings, dimension }: EmbeddingRows,
    first: number,
    findings: Findings,
  ): void {
    const count = embeddings.length / dimension;
    const at = this.#rowsAt;
    for (let row = 0; row < count; ) {
      // The first blocks are small: without rows to compare with, each row of a block is among the best.
      const size = Math.min(this.#blockRows, Math.max(16, first + row), count - row);
      const block = embeddings.subarray(row * dimension, (row + size) * dimension);
      new Float32Array(this.#memory.buffer, at, block.length).set(block);
      this.#blocks.scan(queries, { at, count: size, first: first + row }, findings);
      row += size;
    }
  }

  #expectFinite(name: string, row: number, { embeddings }: EmbeddingRows): void {
    const value = embeddings.find((each) => !Number.isFinite(each));
    if (value === undefined) return;
    throw new ShapeError(
      `${this.#where}: ${name} are not all numbers. Got ${value} in row ${row}, expected finite ones. Such a row is like none: leave it out.`,
      { [name]: row },
    );
  }
}

/** Whole pairs of rows, as kernels take them two at a time. */
function blockRowsOf(dimension: number): number {
  return Math.min(4096, Math.max(16, 2 * Math.floor(blockBytes / (8 * dimension))));
}

function rowsFrom({ embeddings, dimension }: EmbeddingRows, first: number, count: number): EmbeddingRows {
  return { embeddings: embeddings.subarray(first * dimension, (first + count) * dimension), dimension };
}
