import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ConfigError, JsonField } from "@kindred/errors";
import { type Precision, precisions, similarities, type Similarity } from "@kindred/vectors";

/** How an index keeps what is scanned. Rows are compared again as float32 whatever it is. */
export type IndexPrecision = Exclude<Precision, "uint8">;

/** All of them, the widest first. */
export const indexPrecisions: readonly IndexPrecision[] = precisions.filter((each) => each !== "uint8");

/** The model that made an index's vectors. */
export type IndexModel = {
  /** A folder, or an id on the Hugging Face Hub. */
  readonly name: string;
  /** The commit, of a model of the Hub. */
  readonly revision?: string;
};

/** A file of an index, as it was written. */
export type IndexFile = { readonly name: string; readonly bytes: number; readonly sha256: string };

/** Some of the rows, each file with all of them: vectors, what is scanned in their place, texts and where these begin. */
export type IndexPiece = {
  readonly rows: number;
  /** float32, .npy. */
  readonly vectors: IndexFile;
  /** 8 bits or bits, .npy; of an index of float32 none. */
  readonly codes?: IndexFile;
  /** A line of JSON for each row: its id and its text, where it has them. */
  readonly texts?: IndexFile;
  /** Where each line begins, and where the last ends: float64, .npy. */
  readonly starts?: IndexFile;
};

/** What `index.json` says. */
export type IndexManifest = {
  readonly format: "kindred-index";
  readonly version: 1;
  readonly model?: IndexModel;
  readonly dimension: number;
  readonly precision: IndexPrecision;
  readonly similarity: Similarity;
  readonly rows: number;
  readonly pieces: readonly IndexPiece[];
  /** What the 256 steps of int8 lie between, two rows: the least of each feature and the greatest. */
  readonly ranges?: IndexFile;
};

/** The file that says what the others are. */
export const manifestName = "index.json";

/** The name of a file of a piece. */
export function pieceFile(kind: "vectors" | "codes" | "texts" | "starts", piece: number): string {
  return `${kind}-${String(piece).padStart(5, "0")}.${kind === "texts" ? "jsonl" : "npy"}`;
}

/**
 * What the manifest of an index says.
 *
 * @throws FormatError if it says what no index says; ConfigError if there is none
 */
export async function readManifest(folder: string): Promise<IndexManifest> {
  const file = join(folder, manifestName);
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT" && error.code !== "ENOTDIR") throw error;
    throw new ConfigError(
      `${folder} is no index. Expected a folder with an ${manifestName}, as kindred-encode index and writeIndex write it.`,
      { folder },
    );
  });
  const whole = JsonField.parse(bytes, file);
  // `format` and `version` before all else: another version may have other keys.
  whole.field("format").oneOf("kindred-index");
  whole.field("version").oneOf(1);
  const keys = [
    "format",
    "version",
    "model",
    "dimension",
    "precision",
    "similarity",
    "rows",
    "pieces",
    "ranges",
  ] as const;
  const { model, dimension, precision, similarity, rows, pieces, ranges } = whole.object(...keys);
  const chosen = precision.oneOf(...indexPrecisions);
  const manifest: IndexManifest = {
    format: "kindred-index",
    version: 1,
    ...(model.isNull ? {} : { model: readModel(model) }),
    dimension: dimension.integer(1, 2 ** 24),
    precision: chosen,
    similarity: similarity.oneOf(...similarities),
    rows: rows.integer(0, Number.MAX_SAFE_INTEGER),
    pieces: pieces.array().map((piece, i) => readPiece(piece, i, chosen)),
    ...(chosen === "int8" ? { ranges: readFileEntry(ranges, "ranges.npy") } : {}),
  };
  const counted = manifest.pieces.reduce((sum, piece) => sum + piece.rows, 0);
  if (counted !== manifest.rows) rows.refuse(`${counted}, the rows of its pieces`);
  return manifest;
}

function readModel(field: JsonField): IndexModel {
  const { name, revision } = field.object("name", "revision");
  return { name: name.text(), ...(revision.isNull ? {} : { revision: revision.text() }) };
}

function readPiece(field: JsonField, piece: number, precision: IndexPrecision): IndexPiece {
  const { rows, vectors, codes, texts, starts } = field.object("rows", "vectors", "codes", "texts", "starts");
  return {
    rows: rows.integer(1, Number.MAX_SAFE_INTEGER),
    vectors: readFileEntry(vectors, pieceFile("vectors", piece)),
    ...(precision === "float32" ? {} : { codes: readFileEntry(codes, pieceFile("codes", piece)) }),
    ...(texts.isNull
      ? {}
      : {
          texts: readFileEntry(texts, pieceFile("texts", piece)),
          starts: readFileEntry(starts, pieceFile("starts", piece)),
        }),
  };
}

function readFileEntry(field: JsonField, expected: string): IndexFile {
  const { name, bytes, sha256 } = field.object("name", "bytes", "sha256");
  return {
    name: name.oneOf(expected),
    bytes: bytes.integer(0, Number.MAX_SAFE_INTEGER),
    sha256: sha256.text(),
  };
}
