import { ConfigError } from "@kindred/errors";
import { writeFolderAtomic } from "@kindred/files/node";
import { similarities, type Similarity } from "@kindred/vectors";
import { type IndexManifest, type IndexModel, type IndexPrecision, indexPrecisions } from "./index-manifest.ts";
import { type IndexRows, PieceWriter } from "./piece-writer.ts";

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
  const { replace = false } = options;
  const checked = checkWriteOptions(options);
  let manifest: IndexManifest | undefined;
  await writeFolderAtomic(
    folder,
    async (temporary) => {
      const writer = new PieceWriter(temporary, checked);
      for await (const batch of rows) await writer.add(batch);
      manifest = await writer.finish();
    },
    { replace },
  );
  if (manifest === undefined) throw new ConfigError(`writeIndex: nothing was written to ${folder}.`); // it is set, or there was an error
  return manifest;
}

/** The options with their defaults. */
export function checkWriteOptions(options: WriteIndexOptions) {
  const { precision = "float32", similarity = "cosine", model, pieceBytes = 2 ** 26 } = options;
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
  return { precision, similarity, model, pieceBytes };
}
