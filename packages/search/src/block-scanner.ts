import type { KernelExports } from "./generated/kernel-exports.ts";
import type { PreparedQueries } from "./prepare-queries.ts";

/** Where something lies in the memory of the kernels, in bytes. */
type Address = number;

/** Queries that have their scores in memory at a time. */
const queryGroup = 64;

/** Where in a memory kernels find queries, and write what they find. */
export type ScanPlaces = {
  readonly queries: Address;
  /** A number for each row of a block. */
  readonly factors: Address;
  /** A score for each of {@link queryGroup} queries and row of a block. */
  readonly scores: Address;
  /** A number for each row of a block. */
  readonly hits: Address;
  /** The first byte that is free. */
  readonly end: Address;
};

/** Places for so many queries of so many bytes, and blocks of so many rows. */
export function scanPlaces(queryCount: number, queryBytes: number, blockRows: number): ScanPlaces {
  const cell = 16 * Math.ceil(blockRows / 4); // bytes of a number for each row, so that all places are whole vectors
  const factors = 16 * Math.ceil((queryCount * queryBytes) / 16);
  const scores = factors + cell;
  const hits = scores + cell * Math.min(queryCount, queryGroup);
  return { queries: 0, factors, scores, hits, end: 64 * Math.ceil((hits + cell) / 64) };
}

/** Rows that lie in the memory. */
export type RowBlock = {
  readonly at: Address;
  readonly count: number;
  /** The number of its first row among all. */
  readonly first: number;
  /** One over the rows' lengths, where that is known. */
  readonly inverseNorms?: Address;
};

/** Who is asked and told. */
export type Findings = {
  /** What an exact score must be for the row to be told; asked anew as the scan goes on. */
  readonly least: (query: number) => number;
  readonly found: (query: number, row: number, score: number) => void;
  /** A row whose score is no number, or no finite one: it throws if the row has such numbers. */
  readonly inspect: (row: number, vector: Float32Array) => void;
};

/**
 * Compares queries with blocks of rows in one WebAssembly memory: kernels give scores in float32; of the rows that can be alike enough, by what is known of
 * their error, the score in float64 decides. So all rows are found that float64 finds, at the speed of float32.
 */
export class BlockScanner {
  readonly #kernels: KernelExports;
  readonly #memory: WebAssembly.Memory;
  readonly #places: ScanPlaces;
  readonly #dimension: number;

  constructor(kernels: KernelExports, memory: WebAssembly.Memory, places: ScanPlaces, dimension: number) {
    this.#kernels = kernels;
    this.#memory = memory;
    this.#places = places;
    this.#dimension = dimension;
  }

  /** Puts queries where kernels find them; then blocks may be scanned for them. */
  take({ vectors }: PreparedQueries): void {
    new Float32Array(this.#memory.buffer, this.#places.queries, vectors.length).set(vectors);
  }

  /** Scans a block for the queries that were taken last. */
  scan(queries: PreparedQueries, block: RowBlock, findings: Findings): void {
    const { kind, byRowNorm, vectors } = queries;
    const dimension = this.#dimension;
    const places = this.#places;
    const kernels = this.#kernels;
    const { at, count, inverseNorms = places.factors } = block;
    if (byRowNorm && block.inverseNorms === undefined) kernels.inverseNorms(at, count, dimension, inverseNorms);
    const largestNorm = kind === 0 && !byRowNorm ? kernels.largestNorm(at, count, dimension) : 0;
    const queryCount = vectors.length / dimension;
    for (let from = 0; from < queryCount; from += queryGroup) {
      const high = Math.min(queryGroup, queryCount - from);
      kernels.scoreRows(kind, places.queries + 4 * from * dimension, high, at, count, dimension, places.scores);
      for (let i = 0; i < high; i++) {
        const scores = places.scores + 4 * i * count;
        if (byRowNorm) kernels.multiply(scores, inverseNorms, count);
        this.#decide(queries, from + i, block, { scores, largestNorm, findings });
      }
    }
  }

  /** Tells of the rows of a block that are alike enough, by the scores that kernels have given. */
  #decide(
    { threshold, exact }: PreparedQueries,
    query: number,
    { at, count, first }: RowBlock,
    rest: { readonly scores: Address; readonly largestNorm: number; readonly findings: Findings },
  ): void {
    const { scores, largestNorm, findings } = rest;
    const dimension = this.#dimension;
    const { buffer } = this.#memory;
    let limit = threshold(query, findings.least(query), largestNorm);
    const hitCount = this.#kernels.hits(scores, count, limit, this.#places.hits);
    if (hitCount === 0) return;
    const approximate = new Float32Array(buffer, scores, count);
    for (const place of new Int32Array(buffer, this.#places.hits, hitCount)) {
      const score = approximate[place] ?? NaN;
      if (score < limit && Number.isFinite(score)) continue; // others have been found since
      const row = new Float32Array(buffer, at + 4 * place * dimension, dimension);
      if (!Number.isFinite(score)) findings.inspect(first + place, row);
      const decided = exact(query, row);
      if (!(decided >= findings.least(query))) continue;
      findings.found(query, first + place, decided);
      limit = threshold(query, findings.least(query), largestNorm);
    }
  }
}
