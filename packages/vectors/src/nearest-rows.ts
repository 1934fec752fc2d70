import { type EmbeddingRows, expectSameDimension, rowCount } from "./embedding-rows.ts";
import type { SimilarityOptions } from "./similarity.ts";
import { similarityMatrix } from "./similarity-matrix.ts";

/** How many queries and candidates have their scores in memory at a time: 4 MB. */
const queryBlock = 64;
const candidateBlock = 8192;

/** A row that was found, and its score. */
export type RankedRow = { readonly row: number; readonly score: number };

/** What to look for. */
export type NearestRowsOptions = SimilarityOptions & {
  /** At most so many rows for each query. Default 10. */
  readonly count?: number;
  /** The place of each candidate among equals, all different; lower goes first. Default: its number. */
  readonly places?: ArrayLike<number>;
};

/**
 * For each query the candidates that are most like it, best first; all of them, if there are fewer than `count`.
 *
 * Every candidate is compared (no index is built), in float64, in blocks: no queries × candidates matrix is held. Of equal
 * scores the lower place goes first, and a score that is NaN comes last, as −∞.
 *
 * @throws ShapeError if the sets are not whole rows of one dimension
 *
 * @example
 * ```ts
 * import { nearestRows } from "@kindred/vectors";
 *
 * const queries = { embeddings: Float32Array.of(1, 0), dimension: 2 };
 * const candidates = { embeddings: Float32Array.of(0, 1, 1, 0, 3, 4), dimension: 2 };
 * nearestRows(queries, candidates, { count: 2 }); // => [[{ row: 1, score: 1.0 }, { row: 2, score: 0.6 }]]
 * ```
 */
export function nearestRows(
  queries: EmbeddingRows,
  candidates: EmbeddingRows,
  options: NearestRowsOptions = {},
): RankedRow[][] {
  const search = new NearestSearch("nearestRows", queries, options);
  search.offer(candidates);
  return search.rankings();
}

/**
 * As {@link nearestRows}, over candidates that come piece by piece, from a file say, so that no more than one piece is in memory; rows are
 * numbered through all of them.
 *
 * @throws ShapeError if the sets are not whole rows of one dimension
 *
 * @example
 * ```ts
 * import { nearestInPieces } from "@kindred/vectors";
 *
 * const queries = { embeddings: Float32Array.of(1, 0), dimension: 2 };
 * const pieces = [[0, 1, 1, 0], [3, 4]].map((rows) => ({ embeddings: Float32Array.from(rows), dimension: 2 }));
 * await nearestInPieces(queries, pieces, { count: 2 }); // => [[{ row: 1, score: 1.0 }, { row: 2, score: 0.6 }]]
 * ```
 */
export async function nearestInPieces(
  queries: EmbeddingRows,
  pieces: AsyncIterable<EmbeddingRows> | Iterable<EmbeddingRows>,
  options: Omit<NearestRowsOptions, "places"> = {},
): Promise<RankedRow[][]> {
  const search = new NearestSearch("nearestInPieces", queries, options);
  for await (const piece of pieces) search.offer(piece);
  return search.rankings();
}

/** The best candidates of each query among all that were offered. */
class NearestSearch {
  readonly #where: string;
  readonly #queries: EmbeddingRows;
  readonly #options: NearestRowsOptions;
  readonly #best: readonly TopRows[];
  #offered = 0;

  constructor(where: string, queries: EmbeddingRows, options: NearestRowsOptions) {
    this.#where = where;
    this.#queries = queries;
    this.#options = options;
    const { count = 10 } = options;
    this.#best = Array.from({ length: rowCount(where, "queries", queries) }, () => new TopRows(count));
  }

  offer(candidates: EmbeddingRows): void {
    const { places, similarity = "cosine" } = this.#options;
    const queries = this.#queries;
    const candidateCount = rowCount(this.#where, "candidates", candidates);
    expectSameDimension(this.#where, { queries, candidates });
    for (let from = 0; from < this.#best.length; from += queryBlock) {
      const block = rowsFrom(queries, from, queryBlock);
      const best = this.#best.slice(from, from + queryBlock);
      for (let start = 0; start < candidateCount; start += candidateBlock) {
        const { scores, columns } = similarityMatrix(block, rowsFrom(candidates, start, candidateBlock), {
          similarity,
        });
        const first = this.#offered + start;
        for (const [i, top] of best.entries()) {
          for (const [j, score] of scores.subarray(i * columns, (i + 1) * columns).entries()) {
            top.offer(first + j, score, places?.[first + j]);
          }
        }
      }
    }
    this.#offered += candidateCount;
  }

  rankings(): RankedRow[][] {
    return this.#best.map((top) => top.ranking());
  }
}

function rowsFrom({ embeddings, dimension }: EmbeddingRows, first: number, count: number): EmbeddingRows {
  return { embeddings: embeddings.subarray(first * dimension, (first + count) * dimension), dimension };
}

/** A row, its score, and its place among equals. */
type Placed = RankedRow & { readonly place: number };

/**
 * Keeps the best `limit` of all rows that it is offered: higher scores first, of equal ones the lower place. NaN counts as −∞.
 *
 * A binary heap with the worst kept row on top, so that a row that is not among the best costs one comparison.
 *
 * @example
 * ```ts
 * import { TopRows } from "@kindred/vectors";
 *
 * const top = new TopRows(2);
 * for (const [row, score] of [0.1, 0.9, 0.5].entries()) top.offer(row, score);
 * top.ranking(); // => [{ row: 1, score: 0.9 }, { row: 2, score: 0.5 }]
 * ```
 */
export class TopRows {
  readonly #limit: number;
  readonly #heap: Placed[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Takes a row in if it is among the best so far. `place` decides between equal scores and must differ; default: the row. */
  offer(row: number, score: number, place: number = row): void {
    const offered = { row, score: Number.isNaN(score) ? -Infinity : score, place };
    const heap = this.#heap;
    const [worst] = heap;
    if (heap.length < this.#limit) this.#rise(heap.length, offered);
    else if (worst !== undefined && isBetter(offered, worst)) this.#sink(offered);
  }

  /** What was kept, best first. */
  ranking(): RankedRow[] {
    const sorted = this.#heap.toSorted((a, b) => (isBetter(a, b) ? -1 : 1));
    return sorted.map(({ row, score }) => ({ row, score }));
  }

  /** Puts a row at a new place at the bottom, and lifts it above its betters. */
  #rise(at: number, placed: Placed): void {
    const heap = this.#heap;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || !isBetter(parent, placed)) break;
      heap[at] = parent;
      at = above;
    }
    heap[at] = placed;
  }

  /** Puts a row in the place of the worst, on top, and lowers it below its worse. */
  #sink(placed: Placed): void {
    const heap = this.#heap;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      let child = heap[below];
      const other = heap[below + 1];
      if (child !== undefined && other !== undefined && isBetter(child, other)) [below, child] = [below + 1, other];
      if (child === undefined || !isBetter(placed, child)) break;
      heap[at] = child;
      at = below;
    }
    heap[at] = placed;
  }
}

function isBetter(a: Placed, b: Placed): boolean {
  return a.score > b.score || (a.score === b.score && a.place < b.place);
}
