import { type FileHandle, mkdtemp, open, rm } from "node:fs/promises";
import { join } from "node:path";
import type { EmbeddingRows } from "@kindred/vectors";

/** Bytes of vectors that are read at once. */
const pieceBytes = 1 << 26;

/** Vectors in a file of their own, which is gone once it is disposed of: as many as a disk holds, of which few are in memory. */
export class VectorFile {
  readonly dimension: number;
  rows = 0;
  readonly #folder: string;
  readonly #file: FileHandle;

  private constructor(folder: string, file: FileHandle, dimension: number) {
    this.#folder = folder;
    this.#file = file;
    this.dimension = dimension;
  }

  /** @param scratch the folder in which it is made */
  static async create(scratch: string, dimension: number): Promise<VectorFile> {
    const folder = await mkdtemp(join(scratch, "kindred-vectors-"));
    return new VectorFile(folder, await open(join(folder, "vectors.f32"), "w+"), dimension);
  }

  async append({ embeddings }: EmbeddingRows): Promise<void> {
    const bytes = new Uint8Array(embeddings.buffer, embeddings.byteOffset, embeddings.byteLength);
    const start = this.rows * this.dimension * 4;
    for (let at = 0; at < bytes.length; ) {
      const { bytesWritten } = await this.#file.write(bytes, at, bytes.length - at, start + at);
      at += bytesWritten;
    }
    this.rows += embeddings.length / this.dimension;
  }

  /** All vectors, in pieces. */
  async *pieces(): AsyncGenerator<EmbeddingRows, void> {
    const most = Math.max(1, Math.floor(pieceBytes / (4 * this.dimension)));
    for (let row = 0; row < this.rows; row += most)
      yield { embeddings: await this.#read(row, Math.min(most, this.rows - row)), dimension: this.dimension };
  }

  /** The vectors of these rows, in this order. */
  async at(rows: readonly number[]): Promise<EmbeddingRows> {
    const embeddings = new Float32Array(rows.length * this.dimension);
    for (const [i, row] of rows.entries()) embeddings.set(await this.#read(row, 1), i * this.dimension);
    return { embeddings, dimension: this.dimension };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #read(row: number, count: number): Promise<Float32Array> {
    const values = new Float32Array(count * this.dimension);
    const bytes = new Uint8Array(values.buffer);
    const start = row * this.dimension * 4;
    for (let at = 0; at < bytes.length; ) {
      const { bytesRead } = await this.#file.read(bytes, at, bytes.length - at, start + at);
      if (bytesRead === 0) throw new Error(`the file of vectors in ${this.#folder} has become shorter`);
      at += bytesRead;
    }
    return values;
  }
}
