import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ConfigError, ShapeError } from "@kindred/errors";
import { writeFolderAtomic } from "@kindred/files/node";
import { type Dtype, fromFloat32, readNpy, toFloat32, writeNpy } from "@kindred/tensor-files";
import {
  type EmbeddingRows,
  quantizationRanges,
  type QuantizationRanges,
  quantizeEmbeddings,
  rowCount,
  shortenRows,
  similarities,
  type Similarity,
} from "@kindred/vectors";
import {
  type IndexFile,
  type IndexManifest,
  type IndexModel,
  type IndexPiece,
  type IndexPrecision,
  indexPrecisions,
  manifestName,
  pieceFile,
} from "./index-manifest.ts";

/** Vectors for an index, and what they are of. */
export type IndexRows = EmbeddingRows & {
  /** A name for each row. Default: none; a row is then known by its number. */
  readonly ids?: readonly string[];
  /** What each row is the vector of. Default: not kept. */
  readonly texts?: readonly string[];
};

/** Options of {@link writeIndex}. */
export type WriteIndexOptions = {
  /** How what is scanned is kept: 4 bytes a number, 1 byte, or 1 bit. Default `"float32"`. */
  readonly precision?: IndexPrecision;
  /** What a search compares by. Default `"cosine"`. */
  readonly similarity?: Similarity;
  /** The model that made the vectors, for those who open the index. */
  readonly model?: IndexModel;
  /** Whether what is at the path is replaced, once the new index is complete. Default false: it is refused. */
  readonly replace?: boolean;
  /** The most bytes of float32 vectors in a piece: writing needs some three times as much memory. Default 64 MiB. */
  readonly pieceBytes?: number;
};

/**
 * Writes an index for {@link openIndex}: a folder that appears complete or not at all, of any size, from rows that come batch by batch.
 *
 * Vectors are kept as float32 in pieces, .npy files that NumPy reads too. With `precision` int8, binary or ubinary what is scanned is kept
 * beside them in fewer bits: by `quantizeEmbeddings`, the ranges of int8 being those of all rows; where `similarity` is cosine, rows are divided by their length first. Texts and ids are lines of JSON.
 *
 * @throws ConfigError for options that do not fit each other, or a folder that is there; ShapeError for batches of different dimensions, ids or
 * texts that are not one a row, and numbers that are NaN or infinite
 *
 * @example
 * ```ts
 * import { mkdtemp } from "node:fs/promises";
 * import { tmpdir } from "node:os";
 * import { join } from "node:path";
 * import { writeIndex } from "@kindred/search/node";
 *
 * const folder = join(await mkdtemp(join(tmpdir(), "example-")), "index");
 * const batch = { embeddings: Float32Array.of(1, 0, 0, 1), dimension: 2, texts: ["east", "north"] };
 * const { rows, precision } = await writeIndex(folder, [batch]);
 * [rows, precision]; // => [2, "float32"]
 * ```
 */
export async function writeIndex(
  folder: string,
  rows: AsyncIterable<IndexRows> | Iterable<IndexRows>,
  options: WriteIndexOptions = {},
): Promise<IndexManifest> {
  const { precision = "float32", similarity = "cosine", model, replace = false, pieceBytes = 2 ** 26 } = options;
  expectOptions(precision, similarity, pieceBytes);
  let manifest: IndexManifest | undefined;
  await writeFolderAtomic(
    folder,
    async (temporary) => {
      const writer = new PieceWriter(temporary, { precision, similarity, pieceBytes });
      for await (const batch of rows) await writer.add(batch);
      const { ranges, dimension, pieces } = await writer.finish();
      if (pieces.length === 0)
        throw new ConfigError("writeIndex: no rows. Expected at least one: an index of nothing has no dimension.");
      manifest = {
        ...{ format: "kindred-index", version: 1, ...(model && { model }), dimension, precision, similarity },
        rows: pieces.reduce((sum, piece) => sum + piece.rows, 0),
        pieces,
        ...(ranges && { ranges }),
      };
      await writeFile(join(temporary, manifestName), `${JSON.stringify(manifest, null, 2)}\n`);
    },
    { replace },
  );
  if (manifest === undefined) throw new ConfigError(`writeIndex: nothing was written to ${folder}.`); // it is set, or there was an error
  return manifest;
}

function expectOptions(precision: IndexPrecision, similarity: Similarity, pieceBytes: number): void {
  const refuse = (name: string, got: unknown, rule: string): never => {
    throw new ConfigError(`writeIndex: ${name} does not fit. Got ${JSON.stringify(got)}, expected ${rule}.`, {
      [name]: got,
    });
  };
  if (!indexPrecisions.includes(precision)) refuse("precision", precision, `one of ${indexPrecisions.join(", ")}`);
  if (!similarities.includes(similarity)) refuse("similarity", similarity, `one of ${similarities.join(", ")}`);
  if (!(pieceBytes > 0)) refuse("pieceBytes", pieceBytes, "more than 0");
  if (precision !== "float32" && similarity !== "cosine" && similarity !== "dot")
    refuse(
      "precision",
      precision,
      `float32 where the similarity is ${similarity}: fewer bits are compared by cosine or dot`,
    );
}

/** Gathers rows to pieces and writes them. */
class PieceWriter {
  readonly #folder: string;
  readonly #options: Required<Pick<WriteIndexOptions, "precision" | "similarity" | "pieceBytes">>;
  readonly #pieces: IndexPiece[] = [];
  #dimension = 0;
  #hasTexts: boolean | undefined;
  #vectors = new Float32Array();
  #lines: string[] = [];
  #filled = 0;
  #written = 0;
  #ranges: QuantizationRanges | undefined;

  constructor(folder: string, options: Required<Pick<WriteIndexOptions, "precision" | "similarity" | "pieceBytes">>) {
    this.#folder = folder;
    this.#options = options;
  }

  async add(batch: IndexRows): Promise<void> {
    const { embeddings, dimension, ids, texts } = batch;
    const count = rowCount("writeIndex", "rows", batch);
    this.#begin(batch);
    for (const [name, each] of Object.entries({ ids, texts })) {
      if (each === undefined || each.length === count) continue;
      throw new ShapeError(`writeIndex: not one of ${name} for each row. Got ${each.length} for ${count} rows.`);
    }
    const at = embeddings.findIndex((value) => !Number.isFinite(value));
    if (at >= 0) {
      const row = this.#written + this.#filled + Math.floor(at / dimension);
      throw new ShapeError(
        `writeIndex: rows are not all numbers. Got ${embeddings[at]} in row ${row}, expected finite ones.`,
        { row },
      );
    }
    const room = this.#vectors.length / dimension;
    for (let row = 0; row < count; ) {
      const size = Math.min(count - row, room - this.#filled);
      this.#vectors.set(embeddings.subarray(row * dimension, (row + size) * dimension), this.#filled * dimension);
      if (this.#hasTexts)
        for (let i = row; i < row + size; i++)
          this.#lines.push(`${JSON.stringify({ id: ids?.[i], text: texts?.[i] })}\n`);
      this.#filled += size;
      row += size;
      if (this.#filled === room) await this.#flush();
    }
  }

  #begin({ dimension, ids, texts }: IndexRows): void {
    const hasTexts = ids !== undefined || texts !== undefined;
    if (this.#hasTexts === undefined) {
      this.#dimension = dimension;
      this.#hasTexts = hasTexts;
      this.#vectors = new Float32Array(dimension * Math.max(1, Math.floor(this.#options.pieceBytes / (4 * dimension))));
    }
    if (dimension !== this.#dimension)
      throw new ShapeError(
        `writeIndex: batches of different dimensions. Got ${dimension} after ${this.#dimension}, expected one.`,
      );
    if (hasTexts !== this.#hasTexts)
      throw new ShapeError(
        "writeIndex: some batches have ids or texts, and some have none. Give them with all or with none.",
      );
  }

  async #flush(): Promise<void> {
    const [rows, dimension, piece] = [this.#filled, this.#dimension, this.#pieces.length];
    if (rows === 0) return;
    const embeddings = this.#vectors.subarray(0, rows * dimension);
    const entry = {
      rows,
      vectors: await this.#write(pieceFile("vectors", piece), writeNpy(fromFloat32(embeddings, [rows, dimension]))),
      ...(this.#hasTexts ? await this.#writeTexts(piece) : {}),
    };
    if (this.#options.precision === "int8") this.#widen(this.#comparable({ embeddings, dimension }));
    this.#pieces.push(entry);
    this.#written += rows;
    this.#filled = 0;
    this.#lines = [];
  }

  async #writeTexts(piece: number): Promise<Pick<IndexPiece, "texts" | "starts">> {
    const bytes = Buffer.from(this.#lines.join(""));
    let at = 0;
    const starts = Float64Array.from([0, ...this.#lines.map((line) => (at += Buffer.byteLength(line)))]);
    const tensor = { dtype: "F64", shape: [starts.length], bytes: new Uint8Array(starts.buffer) } as const;
    return {
      texts: await this.#write(pieceFile("texts", piece), bytes),
      starts: await this.#write(pieceFile("starts", piece), writeNpy(tensor)),
    };
  }

  /** Rows whose dot products are the scores; those given may be changed. */
  #comparable(rows: EmbeddingRows): EmbeddingRows {
    return this.#options.similarity === "cosine" ? shortenRows(rows, { normalize: true }) : rows;
  }

  #widen(rows: EmbeddingRows): void {
    const { minimum, maximum } = quantizationRanges(rows);
    const known = this.#ranges ?? { minimum, maximum };
    this.#ranges = {
      minimum: minimum.map((value, i) => Math.min(value, known.minimum[i] ?? value)),
      maximum: maximum.map((value, i) => Math.max(value, known.maximum[i] ?? value)),
    };
  }

  /** The last piece, and for fewer bits, now that the ranges of all rows are known, every piece once more. */
  async finish(): Promise<Pick<IndexManifest, "dimension" | "pieces" | "ranges">> {
    await this.#flush();
    const { precision } = this.#options;
    const [dimension, ranges] = [this.#dimension, this.#ranges];
    if (precision === "float32") return { dimension, pieces: this.#pieces };
    const pieces: IndexPiece[] = [];
    for (const [i, { vectors, ...piece }] of this.#pieces.entries()) {
      const embeddings = toFloat32(readNpy(await readFile(join(this.#folder, vectors.name)))).slice();
      const rows = this.#comparable({ embeddings, dimension });
      const codes = quantizeEmbeddings(rows, { precision, ...(ranges && { ranges }) });
      const { buffer, byteOffset, byteLength } = codes.embeddings;
      const dtype: Dtype = codes.embeddings instanceof Int8Array ? "I8" : "U8";
      const bytes = new Uint8Array(buffer, byteOffset, byteLength);
      const file = writeNpy({ dtype, shape: [piece.rows, codes.dimension], bytes });
      pieces.push({ ...piece, vectors, codes: await this.#write(pieceFile("codes", i), file) });
    }
    if (ranges === undefined) return { dimension, pieces };
    const both = Float32Array.of(...ranges.minimum, ...ranges.maximum);
    const file = await this.#write("ranges.npy", writeNpy(fromFloat32(both, [2, dimension])));
    return { dimension, pieces, ranges: file };
  }

  async #write(name: string, bytes: Uint8Array): Promise<IndexFile> {
    await writeFile(join(this.#folder, name), bytes);
    return { name, bytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };
  }
}
