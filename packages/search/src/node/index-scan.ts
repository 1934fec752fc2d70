import { ConfigError } from "@kindred/errors";
import { nextTask } from "@kindred/mesh";
import type { EmbeddingRows, QuantizationRanges, TopRows } from "@kindred/vectors";
import { BlockScanner, type RowBlock, scanPlaces } from "../block-scanner.ts";
import { startKernels } from "../kernels.ts";
import { prepareQueries } from "../prepare-queries.ts";
import { CodeScanner, type Coding, queryBytesOf } from "./code-scanner.ts";
import type { IndexFiles } from "./index-files.ts";
import type { IndexFile, IndexManifest } from "./index-manifest.ts";

/** Queries that are compared in one pass. */
const queryChunk = 64;
/** Rows of a block: of several queries as many as stay in a second cache, and at most so many. */
const [blockBytes, mostRows] = [262_144, 4096];
/** What one WebAssembly memory holds of the rows that stay. */
const segmentBytes = 2 ** 30;
/** Rows that do not stay are read so many bytes at a time, twice: one part is read while the other is scanned. */
const slotBytes = 2 ** 22;
/** After so many products of numbers, some hundredth of a second's work, other tasks have their turn. */
const workBetweenTasks = 2e8;

/** Some rows of a file. */
type Part = { readonly file: IndexFile; readonly first: number; readonly position: number; readonly count: number };

/** A memory with kernels and places for queries, rows and what is found. */
type Segment = {
  readonly memory: WebAssembly.Memory;
  /** Where rows lie. */
  readonly rowsAt: number;
  /** Puts queries where they are compared from then on, and gives what compares them with a block. */
  readonly take: (queries: EmbeddingRows, best: readonly TopRows[]) => (block: RowBlock) => void;
  /** Writes one over the length of each row, where scores are divided by it. */
  readonly invertNorms: (block: RowBlock, to: number) => void;
};

/** What an index is scanned with. */
export type IndexScanOptions = {
  /** So many bytes of rows stay in memory at most. */
  readonly memoryBytes: number;
  /** Of int8. */
  readonly ranges: QuantizationRanges | undefined;
  /** Which of so many scans this is, each of its own pieces. Default: the only one. */
  readonly share?: { readonly index: number; readonly size: number };
};

/** Scans of an index's rows, those that stay in memory and those that are read each time. One scan at a time. */
export class IndexScan {
  readonly #files: IndexFiles;
  readonly #manifest: IndexManifest;
  readonly #coding: Coding | undefined;
  readonly #rowBytes: number;
  /** Rows that stay, by the memory that they share. */
  readonly #staying: Part[][] = [];
  readonly #read: Part[] = [];
  #segments: { readonly segment: Segment; readonly blocks: readonly RowBlock[] }[] = [];
  #slots: Segment | undefined;

  constructor(files: IndexFiles, manifest: IndexManifest, { memoryBytes, ranges, share }: IndexScanOptions) {
    this.#files = files;
    this.#manifest = manifest;
    this.#coding = codingOf(manifest, ranges);
    const { dimension } = manifest;
    const precision = this.#coding?.precision ?? "float32";
    this.#rowBytes =
      precision === "float32" ? 4 * dimension : precision === "int8" ? dimension : Math.ceil(dimension / 8);
    this.#plan(memoryBytes, share ?? { index: 0, size: 1 });
  }

  #plan(memoryBytes: number, { index, size }: NonNullable<IndexScanOptions["share"]>): void {
    const { pieces } = this.#manifest;
    const slotRows = Math.max(1, Math.floor(slotBytes / this.#rowBytes));
    let [first, stays, inSegment] = [0, 0, segmentBytes];
    for (const [i, { rows, vectors, codes }] of pieces.entries()) {
      const file = codes ?? vectors;
      const bytes = rows * this.#rowBytes;
      const part = { file, first, position: file.bytes - bytes, count: rows };
      first += rows;
      if (Math.floor((i * size) / pieces.length) !== index) continue;
      if (stays + bytes <= memoryBytes) {
        if (inSegment + bytes > segmentBytes) [inSegment] = [0, this.#staying.push([])];
        this.#staying.at(-1)?.push(part);
        [stays, inSegment] = [stays + bytes, inSegment + bytes];
        continue;
      }
      for (let row = 0; row < rows; row += slotRows) {
        const position = part.position + row * this.#rowBytes;
        this.#read.push({ file, first: part.first + row, position, count: Math.min(slotRows, rows - row) });
      }
    }
  }

  /** Offers to each query's best every row that may be among them. */
  async run(
    queries: EmbeddingRows,
    { best, signal }: { readonly best: readonly TopRows[]; readonly signal: AbortSignal | undefined },
  ): Promise<void> {
    const { dimension } = queries;
    await this.#load(signal);
    for (let from = 0; from < best.length; from += queryChunk) {
      const embeddings = queries.embeddings.slice(from * dimension, (from + queryChunk) * dimension);
      const own = best.slice(from, from + queryChunk);
      const most =
        own.length === 1
          ? mostRows
          : Math.min(mostRows, Math.max(16, 2 * Math.floor(blockBytes / (2 * this.#rowBytes))));
      let [work, seen] = [0, 0];
      for await (const { compare, block } of this.#blocks({ embeddings, dimension }, own)) {
        for (const small of split(block, { most, seen, rowBytes: this.#rowBytes })) {
          compare(small);
          seen += small.count;
          work += small.count * own.length * dimension;
          if (work < workBetweenTasks) continue;
          work = 0;
          await nextTask();
          signal?.throwIfAborted();
        }
      }
    }
  }

  free(): void {
    this.#segments = [];
    this.#slots = undefined;
  }

  async *#blocks(queries: EmbeddingRows, best: readonly TopRows[]) {
    for (const { segment, blocks } of this.#segments) {
      const compare = segment.take(queries, best);
      for (const block of blocks) yield { compare, block };
    }
    const [begin] = this.#read;
    if (begin === undefined) return;
    this.#slots ??= await this.#segment(2 * slotBytes + 2 * this.#rowBytes);
    const { memory, rowsAt, take } = this.#slots;
    const compare = take(queries, best);
    const places = [rowsAt, rowsAt + Math.max(slotBytes, this.#rowBytes)] as const;
    const read = (part: Part, at: number) =>
      this.#files.read(part.file, part.position, new Uint8Array(memory.buffer, at, part.count * this.#rowBytes));
    let reading = read(begin, places[0]);
    for (const [i, { first, count }] of this.#read.entries()) {
      await reading;
      const next = this.#read[i + 1];
      const [at, other] = i % 2 === 0 ? places : [places[1], places[0]];
      if (next !== undefined) {
        reading = read(next, other);
        reading.catch(() => {}); // thrown where it is awaited
      }
      yield { compare, block: { at, count, first } };
    }
  }

  /** Reads the rows that stay, once. */
  async #load(signal: AbortSignal | undefined): Promise<void> {
    for (const parts of this.#staying.slice(this.#segments.length)) {
      signal?.throwIfAborted();
      const count = parts.reduce((sum, part) => sum + part.count, 0);
      const segment = await this.#segment(count * (this.#rowBytes + 4));
      const { memory, rowsAt, invertNorms } = segment;
      let [at, norms] = [rowsAt, 16 * Math.ceil((rowsAt + count * this.#rowBytes) / 16)];
      const blocks: RowBlock[] = [];
      for (const { file, position, first, count: rows } of parts) {
        await this.#files.read(file, position, new Uint8Array(memory.buffer, at, rows * this.#rowBytes));
        const block = { at, count: rows, first, inverseNorms: norms };
        invertNorms(block, norms);
        blocks.push(block);
        [at, norms] = [at + rows * this.#rowBytes, norms + 4 * rows];
      }
      this.#segments.push({ segment, blocks });
    }
  }

  async #segment(bytes: number): Promise<Segment> {
    const { dimension, similarity } = this.#manifest;
    const coding = this.#coding;
    const places = scanPlaces(
      queryChunk,
      coding === undefined ? 4 * dimension : queryBytesOf(coding, dimension),
      mostRows,
    );
    const pages = Math.ceil((places.end + bytes + 16) / 65_536);
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    const kernels = await startKernels(memory);
    const common = { memory, rowsAt: places.end };
    // `!` below: there is one of the best for each query.
    if (coding !== undefined) {
      const scanner = new CodeScanner(kernels, memory, { places, dimension, coding });
      return {
        ...common,
        invertNorms: () => {},
        take: (queries, best) => {
          scanner.take(queries);
          return (block) =>
            scanner.scan(
              block,
              (query) => best[query]!.least,
              (query, row, score) => best[query]!.offer(row, score),
            );
        },
      };
    }
    const scanner = new BlockScanner(kernels, memory, places, dimension);
    return {
      ...common,
      invertNorms: ({ at, count }, to) => similarity === "cosine" && kernels.inverseNorms(at, count, dimension, to),
      take: (queries, best) => {
        const prepared = prepareQueries(queries, similarity);
        scanner.take(prepared);
        const findings = {
          least: (query: number) => best[query]!.least,
          found: (query: number, row: number, score: number) => best[query]!.offer(row, score),
          inspect: () => {}, // writeIndex has; a row that was damaged since is like none
        };
        return (block) => scanner.scan(prepared, block, findings);
      },
    };
  }
}

/** Blocks of at most so many rows. The first are small: without rows to compare with, each row of a block is among the best. */
function* split(
  { at, count, first, inverseNorms }: RowBlock,
  { most, seen, rowBytes }: { readonly most: number; readonly seen: number; readonly rowBytes: number },
): Generator<RowBlock> {
  for (let row = 0; row < count; ) {
    const size = Math.min(most, Math.max(16, seen + row), count - row);
    const norms = inverseNorms === undefined ? {} : { inverseNorms: inverseNorms + 4 * row };
    yield { at: at + row * rowBytes, count: size, first: first + row, ...norms };
    row += size;
  }
}

function codingOf(
  { precision, similarity }: IndexManifest,
  ranges: QuantizationRanges | undefined,
): Coding | undefined {
  if (precision === "float32") return undefined;
  if (precision !== "int8") return { precision };
  if (ranges === undefined || (similarity !== "cosine" && similarity !== "dot"))
    throw new ConfigError(`openIndex: int8 needs ranges and a similarity of cosine or dot. Got ${similarity}.`);
  return { precision, similarity, ranges };
}
