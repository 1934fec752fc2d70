import { ConfigError, ShapeError } from "@kindred/errors";
import { startMesh } from "@kindred/mesh/node";
import { readNpy, toFloat32 } from "@kindred/tensor-files";
import {
  type EmbeddingRows,
  expectSameDimension,
  type QuantizationRanges,
  type RankedRow,
  rowCount,
  similarityTo,
  TopRows,
} from "@kindred/vectors";
import { expectWhole } from "../expect-options.ts";
import { IndexFiles } from "./index-files.ts";
import { type IndexManifest, type IndexPiece, readManifest } from "./index-manifest.ts";
import type { IndexProgram, IndexProgramData } from "./index-program.ts";
import { IndexScan } from "./index-scan.ts";

/** Options of {@link openIndex}. */
export type OpenIndexOptions = {
  /**
   * So many bytes of what is scanned stay in memory from the first search on; what is beyond is read from the files for each search. Default
   * 2 GiB.
   */
  readonly memoryBytes?: number;
  /** Threads that scan, each its share of the pieces; 0 = this one, in parts of some hundredth of a second. Default 0. */
  readonly cores?: number;
  /** Whether every byte is compared with what was written, which reads all files. Default false: only their lengths are. */
  readonly checksums?: boolean;
};

/** Options of a search in an index. */
export type IndexSearchOptions = {
  /** At most so many rows for each query. Default 10. */
  readonly topK?: number;
  /**
   * Of an index of fewer bits: so many times `topK` rows are compared once more, by their float32 vectors. Default 4 for int8, and 16 for
   * binary and ubinary, whose order is coarse.
   */
  readonly rescore?: number;
  /** Stops the search; it rejects with the signal's reason then. */
  readonly signal?: AbortSignal;
};

/** A row that was found. */
export type IndexHit = RankedRow & {
  /** Its name, where the index has names. */
  readonly id?: string | number;
  /** What it is the vector of, where the index keeps that. */
  readonly text?: string;
};

/** How many more rows than asked for are compared once more. */
const defaultRescore = { int8: 4, binary: 16, ubinary: 16 };

/** An index that was opened: searches run one after another; close it when done, or bind it with `await using`. */
export type VectorIndex = {
  /** What it says of itself: model, dimension, precision, similarity, rows. */
  readonly manifest: IndexManifest;
  /**
   * For each query the rows that are most like it, best first, with float64 scores. With precision float32 they are exactly those of `semanticSearch`;
   * with fewer bits they are the best of those that the codes hold for the best.
   *
   * Rejects with ShapeError for vectors of another dimension or that are not all numbers, ConfigError for an option that does not fit.
   */
  search(vectors: EmbeddingRows, options?: IndexSearchOptions): Promise<IndexHit[][]>;
  /** All rows in their order, piece by piece, with their float32 vectors, for whatever else wants them. */
  rows(): AsyncGenerator<
    EmbeddingRows & { readonly first: number; readonly ids?: (string | number | null)[]; readonly texts?: string[] }
  >;
  /** Closes files and frees memory. */
  close(): Promise<void>;
  /** The same, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
};

/**
 * Opens a folder that `writeIndex` or `kindred-encode index` has written.
 *
 * Nothing but the manifest is read yet, and the lengths of files are compared with it. What is scanned goes into WebAssembly memory, straight from
 * the files: as much as `memoryBytes` allows stays there, the rest is read for each search while the piece before it is scanned.
 *
 * @throws ConfigError if there is no index; FormatError naming the file that is missing, too short or, with `checksums`, changed
 *
 * @example
 * ```ts
 * import { mkdtemp } from "node:fs/promises";
 * import { tmpdir } from "node:os";
 * import { join } from "node:path";
 * import { openIndex, writeIndex } from "@kindred/search/node";
 *
 * const folder = join(await mkdtemp(join(tmpdir(), "example-")), "index");
 * const rows = { embeddings: Float32Array.of(1, 0, 0, 1, 3, 4), dimension: 2, texts: ["east", "north", "north-east"] };
 * await writeIndex(folder, [rows], { precision: "int8" });
 *
 * await using index = await openIndex(folder);
 * const query = { embeddings: Float32Array.of(0, 1), dimension: 2 };
 * await index.search(query, { topK: 2 }); // => [[{ row: 1, score: 1.0, text: "north" }, { row: 2, score: 0.8, text: "north-east" }]]
 * ```
 */
export async function openIndex(
  folder: string,
  { memoryBytes = 2 ** 31, cores = 0, checksums = false }: OpenIndexOptions = {},
): Promise<VectorIndex> {
  expectWhole("openIndex", { cores }, 0);
  const manifest = await readManifest(folder);
  const files = new IndexFiles(folder);
  try {
    for (const { vectors, codes, texts, starts } of manifest.pieces)
      for (const file of [vectors, codes, texts, starts])
        if (file !== undefined) await files.check(file, { checksum: checksums });
    const ranges = manifest.ranges && (await readRanges(files, manifest));
    const threads = Math.min(cores, manifest.pieces.length);
    const scan =
      threads > 0
        ? await startCores(threads, { folder, manifest, options: { memoryBytes: memoryBytes / threads, ranges } })
        : ownScan(new IndexScan(files, manifest, { memoryBytes, ranges }));
    return new OpenedIndex(files, manifest, scan);
  } catch (error) {
    await files.close();
    throw error;
  }
}

async function readRanges(
  files: IndexFiles,
  { ranges, dimension }: IndexManifest,
): Promise<QuantizationRanges | undefined> {
  if (ranges === undefined) return undefined;
  await files.check(ranges, { checksum: true });
  const bytes = new Uint8Array(ranges.bytes);
  await files.read(ranges, 0, bytes);
  const both = toFloat32(readNpy(bytes, { file: ranges.name }));
  return { minimum: both.slice(0, dimension), maximum: both.slice(dimension) };
}

/** Who scans an index. */
type Scanning = {
  /** For each query the best rows. */
  readonly best: (queries: EmbeddingRows, limit: number, signal: AbortSignal | undefined) => Promise<RankedRow[][]>;
  readonly close: () => Promise<void>;
};

function ownScan(scan: IndexScan): Scanning {
  return {
    best: async (queries, limit, signal) => {
      const best = Array.from({ length: queries.embeddings.length / queries.dimension }, () => new TopRows(limit));
      await scan.run(queries, { best, signal });
      return best.map((top) => top.ranking());
    },
    close: async () => scan.free(),
  };
}

async function startCores(cores: number, data: IndexProgramData): Promise<Scanning> {
  // Threads run what is built, also where this file is run as it is written: Node 20 reads no TypeScript.
  const file = import.meta.url.endsWith(".ts") ? "../../dist/node/index-program.js" : "./index-program.js";
  const mesh = await startMesh<IndexProgram>({ cores, program: new URL(file, import.meta.url), data });
  return {
    best: async (queries, limit, signal) => {
      const request = { queries: { ...queries, embeddings: queries.embeddings.slice() }, limit }; // of a view all would be copied
      const found = await mesh.call(
        "scan",
        Array.from({ length: cores }, () => request),
      );
      signal?.throwIfAborted();
      return Array.from({ length: queries.embeddings.length / queries.dimension }, (_, query) => {
        const top = new TopRows(limit);
        for (const rankings of found) for (const { row, score } of rankings[query] ?? []) top.offer(row, score);
        return top.ranking();
      });
    },
    close: () => mesh.close(),
  };
}

class OpenedIndex implements VectorIndex {
  readonly manifest: IndexManifest;
  readonly #files: IndexFiles;
  readonly #scanning: Scanning;
  /** The number of each piece's first row, and of all rows. */
  readonly #firsts: readonly number[];
  #turn: Promise<unknown> = Promise.resolve();

  constructor(files: IndexFiles, manifest: IndexManifest, scanning: Scanning) {
    this.manifest = manifest;
    this.#files = files;
    this.#scanning = scanning;
    let first = 0;
    this.#firsts = [0, ...manifest.pieces.map(({ rows }) => (first += rows))];
  }

  search(vectors: EmbeddingRows, options: IndexSearchOptions = {}): Promise<IndexHit[][]> {
    const found = this.#turn.then(() => this.#search(vectors, options));
    this.#turn = found.catch(() => {}); // the next one's turn, whatever became of this one
    return found;
  }

  async #search(queries: EmbeddingRows, { topK = 10, rescore, signal }: IndexSearchOptions): Promise<IndexHit[][]> {
    const { precision, dimension } = this.manifest;
    const where = "search";
    const queryCount = rowCount(where, "vectors", queries);
    expectSameDimension(where, { vectors: queries, index: { embeddings: new Float32Array(), dimension } });
    const broken = queries.embeddings.findIndex((value) => !Number.isFinite(value));
    if (broken >= 0)
      throw new ShapeError(
        `${where}: vectors are not all numbers. Got ${queries.embeddings[broken]} in row ${Math.floor(broken / dimension)}, expected finite ones.`,
      );
    if (precision === "float32" && rescore !== undefined)
      throw new ConfigError(
        `${where}: rescore does not fit. Got ${rescore} for an index of float32, whose scores are exact. Leave it out.`,
        { rescore },
      );
    const times = precision === "float32" ? 1 : (rescore ?? defaultRescore[precision]);
    expectWhole(where, { topK, rescore: times });
    const rankings = queryCount === 0 ? [] : await this.#scanning.best(queries, topK * times, signal);
    const decided = precision === "float32" ? rankings : await this.#rescored(queries, rankings, topK);
    return Promise.all(decided.map((hits) => Promise.all(hits.map((hit) => this.#withText(hit)))));
  }

  async #rescored(queries: EmbeddingRows, rankings: readonly RankedRow[][], topK: number): Promise<RankedRow[][]> {
    const similarity = similarityTo(queries, { similarity: this.manifest.similarity });
    const results: RankedRow[][] = [];
    for (const [query, candidates] of rankings.entries()) {
      const top = new TopRows(topK);
      const vectors = await Promise.all(candidates.map(({ row }) => this.#vectorAt(row)));
      for (const [i, vector] of vectors.entries()) top.offer(candidates[i]?.row ?? NaN, similarity(query, vector)); // one for each
      results.push(top.ranking());
    }
    return results;
  }

  async #vectorAt(row: number): Promise<Float32Array> {
    const { piece, place } = this.#find(row);
    const vector = new Float32Array(this.manifest.dimension);
    const header = piece.vectors.bytes - piece.rows * vector.byteLength;
    await this.#files.read(piece.vectors, header + place * vector.byteLength, new Uint8Array(vector.buffer));
    return vector;
  }

  async #withText(hit: RankedRow): Promise<IndexHit> {
    const { piece, place } = this.#find(hit.row);
    if (piece.texts === undefined || piece.starts === undefined) return hit;
    const ends = new Float64Array(2);
    const header = piece.starts.bytes - 8 * (piece.rows + 1);
    await this.#files.read(piece.starts, header + 8 * place, new Uint8Array(ends.buffer));
    const [start = 0, end = 0] = ends;
    const line = new Uint8Array(end - start);
    await this.#files.read(piece.texts, start, line);
    return { ...hit, ...JSON.parse(new TextDecoder().decode(line)) };
  }

  #find(row: number): { readonly piece: IndexPiece; readonly place: number } {
    const { pieces } = this.manifest;
    let [low, high] = [0, pieces.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#firsts[middle] ?? Infinity) <= row) low = middle;
      else high = middle - 1;
    }
    const piece = pieces[low];
    if (piece === undefined) throw new ConfigError(`search: no row ${row}.`); // rows come from scans of these pieces
    return { piece, place: row - (this.#firsts[low] ?? 0) };
  }

  async *rows() {
    const { pieces, dimension } = this.manifest;
    for (const [i, { rows, vectors, texts }] of pieces.entries()) {
      const embeddings = new Float32Array(rows * dimension);
      await this.#files.read(vectors, vectors.bytes - embeddings.byteLength, new Uint8Array(embeddings.buffer));
      const lines = texts === undefined ? [] : await this.#lines(texts);
      const ids = lines.map(({ id }) => id ?? null);
      const kept = lines.flatMap(({ text }) => (text === undefined ? [] : [text]));
      const named = { ...(ids.some((id) => id !== null) && { ids }), ...(kept.length > 0 && { texts: kept }) };
      yield { embeddings, dimension, first: this.#firsts[i] ?? 0, ...named };
    }
  }

  async #lines(
    file: NonNullable<IndexPiece["texts"]>,
  ): Promise<{ readonly id?: string | number; readonly text?: string }[]> {
    const bytes = new Uint8Array(file.bytes);
    await this.#files.read(file, 0, bytes);
    const lines = new TextDecoder().decode(bytes).split("\n").slice(0, -1);
    return lines.map((line) => JSON.parse(line));
  }

  async close(): Promise<void> {
    await this.#turn;
    await this.#scanning.close();
    await this.#files.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
