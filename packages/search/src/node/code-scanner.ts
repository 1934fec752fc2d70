import { type EmbeddingRows, quantizeEmbeddings, type QuantizationRanges, shortenRows } from "@kindred/vectors";
import type { RowBlock, ScanPlaces } from "../block-scanner.ts";
import type { KernelExports } from "../generated/kernel-exports.ts";

/** How rows were made codes. */
export type Coding =
  | { readonly precision: "int8"; readonly similarity: "cosine" | "dot"; readonly ranges: QuantizationRanges }
  | { readonly precision: "binary" | "ubinary" };

/** A query as a kernel takes it: what is written to its place, and what its scores are made with. */
type CodedQuery = { readonly bytes: Uint8Array; readonly scale: number; readonly offset: number };

/** Bytes of a query in the memory. */
export function queryBytesOf({ precision }: Pick<Coding, "precision">, dimension: number): number {
  return precision === "int8" ? 2 * dimension : Math.ceil(dimension / 8);
}

/**
 * Compares queries with rows of 8 bits or of bits, by scores that order them nearly as their similarities do.
 *
 * Of int8 only the rows are in 8 bits: a row's feature is about minimum + (code + 128.5)·step, so that its product with the query is a sum of
 * codes with weights step·query, which are kept in 16 bits. Of bits it is the Hamming distance to the query's own.
 */
export class CodeScanner {
  readonly #kernels: KernelExports;
  readonly #memory: WebAssembly.Memory;
  readonly #places: ScanPlaces;
  readonly #dimension: number;
  readonly #coding: Coding;
  #queries: readonly CodedQuery[] = [];

  constructor(
    kernels: KernelExports,
    memory: WebAssembly.Memory,
    { places, dimension, coding }: { readonly places: ScanPlaces; readonly dimension: number; readonly coding: Coding },
  ) {
    this.#kernels = kernels;
    this.#memory = memory;
    this.#places = places;
    this.#dimension = dimension;
    this.#coding = coding;
  }

  take(queries: EmbeddingRows): void {
    const { dimension, embeddings } = queries;
    this.#queries = Array.from({ length: embeddings.length / dimension }, (_, query) =>
      codedQuery(embeddings.slice(query * dimension, (query + 1) * dimension), this.#coding),
    );
    const length = queryBytesOf(this.#coding, dimension);
    for (const [i, { bytes }] of this.#queries.entries())
      new Uint8Array(this.#memory.buffer, this.#places.queries + i * length, length).set(bytes);
  }

  /** Tells of every row whose score is at least what is asked of its query. */
  scan(
    { at, count, first }: RowBlock,
    least: (query: number) => number,
    found: (query: number, row: number, score: number) => void,
  ): void {
    const { queries, scores, hits } = this.#places;
    const length = queryBytesOf(this.#coding, this.#dimension);
    for (const [query, { scale, offset }] of this.#queries.entries()) {
      const from = queries + query * length;
      if (this.#coding.precision === "int8")
        this.#kernels.scoreCodes(from, at, count, this.#dimension, scale, offset, scores);
      else this.#kernels.scoreBits(from, at, count, length, scores);
      const hitCount = this.#kernels.hits(scores, count, least(query), hits);
      const all = new Float32Array(this.#memory.buffer, scores, count);
      // `!`: hits are places among the scores.
      for (const place of new Int32Array(this.#memory.buffer, hits, hitCount)) found(query, first + place, all[place]!);
    }
  }
}

function codedQuery(vector: Float32Array, coding: Coding): CodedQuery {
  const dimension = vector.length;
  if (coding.precision !== "int8") {
    const { embeddings } = quantizeEmbeddings({ embeddings: vector, dimension }, { precision: coding.precision });
    return {
      bytes: new Uint8Array(embeddings.buffer, embeddings.byteOffset, embeddings.byteLength),
      scale: 1,
      offset: 0,
    };
  }
  const { similarity, ranges } = coding;
  const query =
    similarity === "cosine" ? shortenRows({ embeddings: vector, dimension }, { normalize: true }).embeddings : vector;
  // `!`: ranges have a number for each feature.
  const steps = Float64Array.from(ranges.minimum, (least, i) => (ranges.maximum[i]! - least) / 255 || 1);
  const weights = steps.map((step, i) => step * query[i]!);
  const largest = weights.reduce((most, weight) => Math.max(most, Math.abs(weight)), 0);
  const total = weights.reduce((sum, weight) => sum + Math.abs(weight), 0);
  // As fine as 16 bits are, and as a sum of 32 bits has room for; half a step for each rounding.
  const fineness = largest === 0 ? 1 : Math.min(32_767 / largest, (2 ** 31 / 128 - dimension) / total);
  const offset = weights.reduce((sum, weight, i) => sum + query[i]! * ranges.minimum[i]! + 128.5 * weight, 0);
  const whole = Int16Array.from(weights, (weight) => Math.round(weight * fineness));
  return { bytes: new Uint8Array(whole.buffer), scale: 1 / fineness, offset };
}
