import { createReadStream, existsSync } from "node:fs";
import { lines } from "@kindred/datasets";
import { DataError, FormatError } from "@kindred/errors";
import type { Dtype } from "@kindred/tensor-files";
import { openArray } from "@kindred/tensor-files/node";
import type { Precision } from "@kindred/vectors";
import type { VectorRows } from "../vector-form.ts";
import { checkVectorFile } from "../vector-forms.ts";

/** What the numbers of a file are read as, by its precision. */
export type NumbersOf = {
  readonly float32: Float32Array;
  readonly int8: Int8Array;
  readonly uint8: Uint8Array;
  readonly binary: Int8Array;
  readonly ubinary: Uint8Array;
};

/** Some rows of a file that follow each other. */
export type ReadRows<P extends Precision = "float32"> = Omit<VectorRows, "embeddings"> & {
  readonly embeddings: NumbersOf[P];
  /** Numbers of a vector as it is stored: features, or bytes of bits. */
  readonly dimension: number;
};

/** Options of {@link readVectorFile}. */
export type ReadVectorFileOptions<P extends Precision> = {
  /** What the file was written in. Default: `"float32"`. */
  readonly precision?: P;
  /** Rows that are read at a time; of `.parquet` a row group is. Default: 4096. */
  readonly windowRows?: number;
};

const arrays = {
  ...{ float32: Float32Array, int8: Int8Array, uint8: Uint8Array, binary: Int8Array, ubinary: Uint8Array },
};

const dtypes: { readonly [P in Precision]: Dtype } = {
  ...{ float32: "F32", int8: "I8", uint8: "U8", binary: "I8", ubinary: "U8" },
};

/**
 * The rows of a file of vectors in the order in which they were written, some at a time, with their ids and texts where the file holds them:
 * what `kindred-encode` and `openVectorFile` write, and any file of these forms. Memory stays the same however long the file is.
 *
 * @param path ends in `.npy`, `.safetensors` (a tensor `embeddings`), `.jsonl` or `.parquet` (a column `vector`)
 * @throws ConfigError for another ending; FormatError or DataError naming the file, and the line, for one that is missing or damaged, whose vectors
 * differ in length, or whose numbers are not of that precision
 *
 * @example
 * ```ts
 * import { mkdtemp, writeFile } from "node:fs/promises";
 * import { tmpdir } from "node:os";
 * import { join } from "node:path";
 * import { readVectorFile } from "@kindred/vector-files/node";
 *
 * const path = join(await mkdtemp(join(tmpdir(), "example-")), "vectors.jsonl");
 * await writeFile(path, '{"id": "a", "embedding": [1, 0]}\n{"id": "b", "embedding": [0, 1]}\n');
 * for await (const { embeddings, dimension, ids } of readVectorFile(path)) {
 *   embeddings; // => [1, 0, 0, 1]
 *   [dimension, ids]; // => [2, ["a", "b"]]
 * }
 * ```
 */
export async function* readVectorFile<P extends Precision = "float32">(
  path: string,
  { precision = "float32" as P, windowRows = 4096 }: ReadVectorFileOptions<P> = {},
): AsyncGenerator<ReadRows<P>, void> {
  checkVectorFile(path, "readVectorFile");
  if (!existsSync(path)) throw new FormatError({ file: path }, "readVectorFile: no such file.");
  const read = path.endsWith(".jsonl") ? jsonlRows : path.endsWith(".parquet") ? parquetRows : arrayRows;
  yield* read(path, { precision, windowRows });
}

/** Reads one form. */
type Read = <P extends Precision>(
  file: string,
  asked: { readonly precision: P; readonly windowRows: number },
) => AsyncGenerator<ReadRows<P>, void>;

const arrayRows: Read = async function* (file, { precision, windowRows }) {
  await using array = await openArray(file, { tensor: "embeddings" });
  const { dtype, shape } = array;
  const [count = 0, dimension, ...more] = shape;
  if (dimension === undefined || more.length > 0 || dtype !== dtypes[precision])
    throw new FormatError(
      { file },
      `readVectorFile: not the vectors that were asked for. Got ${dtype} (${shape.join(", ")}), expected ${dtypes[precision]} (rows, numbers) of precision ${precision}.`,
    );
  for (let start = 0; start < count; start += windowRows) {
    const { buffer } = await array.read(start, Math.min(windowRows, count - start));
    yield { start, dimension, embeddings: numbersOf(precision, buffer) };
  }
};

const jsonlRows: Read = async function* (file, { precision, windowRows }) {
  let [start, rows]: [number, StoredRow[]] = [0, []];
  let dimension: number | undefined;
  for await (const { number, text } of lines(createReadStream(file), { file })) {
    const refuse = (problem: string): never => {
      throw new DataError({ file, line: number }, `readVectorFile: ${problem}`);
    };
    const { id, text: own, embedding } = objectOf(text) ?? refuse('no row. Expected {"embedding": […]}.');
    dimension ??= Array.isArray(embedding) ? embedding.length : undefined;
    rows.push({ id, text: own, vector: vectorOf(embedding, { precision, dimension, refuse }) });
    if (rows.length < windowRows) continue;
    yield joined(rows, { start, precision });
    [start, rows] = [start + rows.length, []];
  }
  if (rows.length > 0) yield joined(rows, { start, precision });
};

const parquetRows: Read = async function* (path, { precision }) {
  const [reader, { compressors }] = await Promise.all([import("hyparquet"), import("hyparquet-compressors")]);
  const { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects, parquetSchema } = reader;
  const file = await asyncBufferFromFile(path);
  const metadata = await orDamaged(path, () => parquetMetadataAsync(file));
  const names = parquetSchema(metadata).children.map(({ element }) => element.name);
  const columns = ["id", "text", "vector"].filter((name) => names.includes(name));
  let start = 0;
  let dimension: number | undefined;
  for (const { num_rows } of metadata.row_groups) {
    const rowEnd = start + Number(num_rows);
    const group = { file, metadata, columns, rowStart: start, rowEnd, compressors };
    const objects = await orDamaged(path, () => parquetReadObjects(group));
    const rows = objects.map(({ id, text, vector }, i): StoredRow => {
      const refuse = (problem: string): never => {
        throw new FormatError({ file: path }, `readVectorFile: row ${start + i}: ${problem}`);
      };
      dimension ??= Array.isArray(vector) ? vector.length : undefined;
      return {
        id: typeof id === "bigint" ? Number(id) : id,
        text,
        vector: vectorOf(vector, { precision, dimension, refuse }),
      };
    });
    if (rows.length > 0) yield joined(rows, { start, precision });
    start = rowEnd;
  }
};

/** What a reading gives, or the error that the file is damaged. */
async function orDamaged<T>(file: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new FormatError({ file }, `readVectorFile: no whole Parquet file (${reason}). Is it cut off?`, {}, { cause });
  }
}

/** A row as it is stored; id and text may be whatever stands there. */
type StoredRow = { readonly id: unknown; readonly text: unknown; readonly vector: readonly number[] };

function objectOf(line: string): { readonly [key: string]: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

/** A value as a vector, or its refusal. */
function vectorOf(
  value: unknown,
  {
    precision,
    dimension,
    refuse,
  }: {
    readonly precision: Precision;
    readonly dimension: number | undefined;
    readonly refuse: (problem: string) => never;
  },
): readonly number[] {
  if (!Array.isArray(value) || !value.every((number): number is number => typeof number === "number"))
    return refuse("its vector is no list of numbers.");
  if (value.length !== dimension)
    refuse(`its vector has another length than those before. Got ${value.length} numbers, expected ${dimension}.`);
  const [least, most] = ranges[dtypes[precision]] ?? [-Infinity, Infinity];
  const wrong = value.find(
    (number) => number < least || number > most || (least > -Infinity && !Number.isInteger(number)),
  );
  return wrong === undefined
    ? value
    : refuse(
        `its vector is not of precision ${precision}. Got ${wrong}, expected whole numbers from ${least} to ${most}.`,
      );
}

/** What whole numbers of one byte lie between. */
const ranges: { readonly [dtype in Dtype]?: readonly [least: number, most: number] } = {
  I8: [-128, 127],
  U8: [0, 255],
};

/** Rows as they are given: with ids and texts if any row has one. */
function joined<P extends Precision>(
  rows: readonly StoredRow[],
  { start, precision }: { readonly start: number; readonly precision: P },
): ReadRows<P> {
  const dimension = rows[0]?.vector.length ?? 0;
  const embeddings = numbersOf(precision, rows.length * dimension);
  for (const [i, { vector }] of rows.entries()) embeddings.set(vector, i * dimension);
  const isId = (id: unknown) => typeof id === "string" || typeof id === "number";
  return {
    ...{ start, dimension, embeddings },
    ...(rows.some(({ id }) => isId(id)) && { ids: rows.map(({ id }) => (isId(id) ? id : null)) }),
    ...(rows.some(({ text }) => typeof text === "string") && {
      texts: rows.map(({ text }) => (typeof text === "string" ? text : "")),
    }),
  };
}

/** New numbers of a precision, or those that lie in a buffer. */
function numbersOf<P extends Precision>(precision: P, from: number | ArrayBufferLike): NumbersOf[P] {
  return new arrays[precision](from as ArrayBuffer) as NumbersOf[P]; // the table's own type, which TypeScript does not follow
}
