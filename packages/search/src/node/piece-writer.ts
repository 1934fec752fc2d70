import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { atPath, writeFileAtomic } from "@kindred/files/node";
import { join } from "node:path";
import { ConfigError, ShapeError } from "@kindred/errors";
import { type Dtype, fromFloat32, readNpy, toFloat32, writeNpy } from "@kindred/tensor-files";
import {
  type EmbeddingRows,
  quantizationRanges,
  type QuantizationRanges,
  quantizeEmbeddings,
  rowCount,
  shortenRows,
  type Similarity,
} from "@kindred/vectors";
import {
  type IndexFile,
  type IndexManifest,
  type IndexModel,
  type IndexPiece,
  type IndexPrecision,
  manifestName,
  pieceFile,
} from "./index-manifest.ts";

/** Vectors for an index, and what they are of. */
export type IndexRows = EmbeddingRows & {
  /** A name for each row. Default: none; a row is then known by its number. */
  readonly ids?: readonly (string | number | null)[];
  /** What each row is the vector of. Default: not kept. */
  readonly texts?: readonly string[];
};

/** How pieces are written. */
export type PieceWriterOptions = {
  readonly precision: IndexPrecision;
  readonly similarity: Similarity;
  readonly model: IndexModel | undefined;
  /** The most bytes of float32 vectors in a piece. */
  readonly pieceBytes: number;
  /** Pieces that are in the folder already. */
  readonly pieces?: readonly IndexPiece[];
  /** Told of each piece when its files are on disk, and whether a batch ends with it. */
  readonly onPiece?: (piece: IndexPiece, endsBatch: boolean) => Promise<void>;
};

/** Gathers rows to pieces and writes them to a folder. A piece ends where a batch does, but for batches that are larger than a piece. */
export class PieceWriter {
  readonly #folder: string;
  readonly #options: PieceWriterOptions;
  readonly #pieces: IndexPiece[];
  #dimension = 0;
  #hasTexts: boolean | undefined;
  #vectors = new Float32Array();
  #lines: string[] = [];
  #filled = 0;
  #written = 0;

  constructor(folder: string, options: PieceWriterOptions) {
    this.#folder = folder;
    this.#options = options;
    this.#pieces = [...(options.pieces ?? [])];
    this.#written = this.#pieces.reduce((sum, { rows }) => sum + rows, 0);
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
    if (this.#filled + count > room) await this.flush();
    for (let row = 0; row < count; ) {
      const size = Math.min(count - row, room - this.#filled);
      this.#vectors.set(embeddings.subarray(row * dimension, (row + size) * dimension), this.#filled * dimension);
      if (this.#hasTexts)
        for (let i = row; i < row + size; i++)
          this.#lines.push(`${JSON.stringify({ id: ids?.[i] ?? undefined, text: texts?.[i] })}\n`);
      this.#filled += size;
      row += size;
      if (row < count) await this.flush(false);
    }
  }

  #begin({ dimension, ids, texts }: IndexRows): void {
    const hasTexts = ids !== undefined || texts !== undefined;
    if (this.#hasTexts === undefined) {
      this.#dimension = dimension;
      this.#hasTexts = hasTexts;
      const rows = Math.max(1, Math.floor(this.#options.pieceBytes / (4 * dimension)));
      this.#vectors = new Float32Array(dimension * rows);
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

  /** Writes what has been gathered as a piece. */
  async flush(endsBatch = true): Promise<void> {
    const [rows, dimension, number] = [this.#filled, this.#dimension, this.#pieces.length];
    if (rows === 0) return;
    const embeddings = this.#vectors.subarray(0, rows * dimension);
    const piece = {
      rows,
      vectors: await this.#write(pieceFile("vectors", number), writeNpy(fromFloat32(embeddings, [rows, dimension]))),
      ...(this.#hasTexts ? await this.#writeTexts(number) : {}),
    };
    await this.#options.onPiece?.(piece, endsBatch);
    this.#pieces.push(piece);
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

  /** Writes the last piece, of fewer bits what is scanned, and the manifest. */
  async finish(): Promise<IndexManifest> {
    await this.flush();
    const [first] = this.#pieces;
    if (first === undefined)
      throw new ConfigError("writeIndex: no rows. Expected at least one: an index of nothing has no dimension.");
    const { precision, similarity, model } = this.#options;
    if (this.#dimension === 0) this.#dimension = (await this.#vectorsOf(first)).dimension; // nothing was added to what was there
    const ranges = precision === "int8" ? await this.#ranges() : undefined;
    const pieces = precision === "float32" ? this.#pieces : await this.#withCodes(precision, ranges);
    const manifest: IndexManifest = {
      ...{ format: "kindred-index", version: 1, ...(model && { model }) },
      ...{ dimension: this.#dimension, precision, similarity, rows: this.#written, pieces },
      ...(ranges && { ranges: await this.#writeRanges(ranges) }),
    };
    await writeFileAtomic(join(this.#folder, manifestName), `${JSON.stringify(manifest, null, 2)}\n`);
    return manifest;
  }

  /** The least and the greatest of each feature over all rows. */
  async #ranges(): Promise<QuantizationRanges> {
    let [minimum, maximum] = [new Float32Array(), new Float32Array()];
    for (const piece of this.#pieces) {
      const own = quantizationRanges(this.#comparable(await this.#vectorsOf(piece)));
      minimum = own.minimum.map((value, i) => Math.min(value, minimum[i] ?? value));
      maximum = own.maximum.map((value, i) => Math.max(value, maximum[i] ?? value));
    }
    return { minimum, maximum };
  }

  #writeRanges({ minimum, maximum }: QuantizationRanges): Promise<IndexFile> {
    const both = fromFloat32(Float32Array.of(...minimum, ...maximum), [2, minimum.length]);
    return this.#write("ranges.npy", writeNpy(both));
  }

  async #withCodes(
    precision: Exclude<IndexPrecision, "float32">,
    ranges: QuantizationRanges | undefined,
  ): Promise<IndexPiece[]> {
    const pieces: IndexPiece[] = [];
    for (const [i, piece] of this.#pieces.entries()) {
      const rows = this.#comparable(await this.#vectorsOf(piece));
      const codes = quantizeEmbeddings(rows, { precision, ...(ranges && { ranges }) });
      const { buffer, byteOffset, byteLength } = codes.embeddings;
      const dtype: Dtype = codes.embeddings instanceof Int8Array ? "I8" : "U8";
      const bytes = new Uint8Array(buffer, byteOffset, byteLength);
      const file = writeNpy({ dtype, shape: [piece.rows, codes.dimension], bytes });
      pieces.push({ ...piece, codes: await this.#write(pieceFile("codes", i), file) });
    }
    return pieces;
  }

  /** Rows whose dot products are the scores; those given may be changed. */
  #comparable(rows: EmbeddingRows): EmbeddingRows {
    return this.#options.similarity === "cosine" ? shortenRows(rows, { normalize: true }) : rows;
  }

  async #vectorsOf({ vectors, rows }: IndexPiece): Promise<EmbeddingRows> {
    const embeddings = toFloat32(readNpy(await readFile(join(this.#folder, vectors.name)))).slice();
    return { embeddings, dimension: embeddings.length / rows };
  }

  async #write(name: string, bytes: Uint8Array): Promise<IndexFile> {
    const path = join(this.#folder, name);
    await writeFile(path, bytes, { flush: true }).catch((error: unknown) => {
      throw atPath(error, path);
    });
    return { name, bytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };
  }
}
