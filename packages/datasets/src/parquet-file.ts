import { DataError } from "@kindred/errors";
import type { FileMetaData } from "hyparquet";

/**
 * Bytes that are read where they are wanted: of a file, or of a Blob
 * `{ byteLength: blob.size, slice: (start, end) => blob.slice(start, end).arrayBuffer() }`.
 */
export type ByteSource = {
  readonly byteLength: number;
  /** The bytes from `start` up to `end`, which is not among them (default: to the last one). */
  slice(start: number, end?: number): Promise<ArrayBuffer> | ArrayBuffer;
};

/** What a Parquet file holds, and how its values are read. */
export type ParquetFile = {
  /** The names of its columns, in their order. */
  readonly names: readonly string[];
  /** The number of rows of each row group. */
  readonly groups: readonly number[];
  /** The values of these columns in the row group of this number, column by column; of a list, arrays. */
  read(group: number, names: readonly string[]): Promise<readonly (readonly unknown[])[]>;
};

/** The largest row group that is taken, as its columns are in memory at once. */
const [mostGroupBytes, mostGroupRows] = [2 ** 31, 2 ** 25];

// Strict: text that is not UTF-8 is refused, not replaced. (Not of statistics, which may be cut in the middle of a character.)
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const parsers = { stringFromBytes: (bytes: Uint8Array | undefined) => bytes && decoder.decode(bytes) };

/** What reads Parquet: loaded with the first file, as most commands meet none. */
async function loadReader() {
  const [{ parquetMetadataAsync, parquetRead, parquetSchema }, { compressors }] = await Promise.all([
    import("hyparquet"),
    import("hyparquet-compressors"),
  ]);
  return { parquetMetadataAsync, parquetRead, parquetSchema, compressors };
}

type Reader = Awaited<ReturnType<typeof loadReader>>;

/**
 * Opens a Parquet file: reads what stands at its end.
 *
 * @param file its name in errors
 * @throws DataError naming the file, the row group and the column that cannot be read
 */
export async function openParquet(source: ByteSource, file: string): Promise<ParquetFile> {
  const reader = await loadReader();
  const [metadata, names] = await orDamaged(file, "what stands at its end", async () => {
    const metadata = await reader.parquetMetadataAsync(source, { geoparquet: false });
    return [metadata, reader.parquetSchema(metadata).children.map(({ element }) => element.name)] as const;
  });
  const groups = metadata.row_groups.map(({ num_rows }) => Number(num_rows));
  const starts: number[] = [];
  for (const group of groups.keys()) starts.push((starts.at(-1) ?? 0) + (groups[group - 1] ?? 0));
  return {
    names,
    groups,
    async read(group, wanted) {
      expectReadable(metadata, { group, names: wanted, file, compressors: reader.compressors });
      const columns: (readonly unknown[])[] = [];
      for (const name of wanted) {
        const [rowStart = 0, rows = 0] = [starts[group], groups[group]];
        const read = () => valuesOf(source, metadata, { name, rowStart, rowEnd: rowStart + rows, reader });
        columns.push(await orDamaged(file, `column ${name} of row group ${group + 1}`, read));
      }
      return columns;
    },
  };
}

type ColumnRange = { readonly name: string; readonly rowStart: number; readonly rowEnd: number };

async function valuesOf(
  source: ByteSource,
  metadata: FileMetaData,
  { name, reader: { parquetRead, compressors }, ...range }: ColumnRange & { readonly reader: Reader },
) {
  let rows: readonly unknown[][] = [];
  const onComplete = (read: readonly unknown[][]) => {
    rows = read;
  };
  const file = { byteLength: source.byteLength, slice: source.slice.bind(source) };
  await parquetRead({ file, metadata, columns: [name], ...range, compressors, parsers, geoparquet: false, onComplete });
  return rows.map(([value]) => plain(value));
}

/** A value as JSON would have it: whole numbers come as bigint. */
function plain(value: unknown): unknown {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null || value.constructor !== Object) return value ?? null;
  return Object.fromEntries(Object.entries(value).map(([key, held]) => [key, plain(held)]));
}

type ReadGroup = Pick<Reader, "compressors"> & {
  readonly group: number;
  readonly names: readonly string[];
  readonly file: string;
};

/** Refuses a row group that is packed in a way that is not known, or so large that it would not go into memory. */
function expectReadable({ row_groups }: FileMetaData, { group, names, file, compressors }: ReadGroup): void {
  const { columns = [], num_rows = 0n } = row_groups[group] ?? {};
  let bytes = 0;
  for (const { meta_data: facts } of columns) {
    const name = facts?.path_in_schema[0] ?? "";
    if (facts === undefined || !names.includes(name)) continue;
    const { codec } = facts;
    if (codec !== "UNCOMPRESSED" && !Object.hasOwn(compressors, codec)) {
      const known = Object.keys(compressors).join(", ");
      throw new DataError(
        { file },
        `rowsFromParquet: column ${name} of row group ${group + 1} is packed with ${codec}. Expected ${known} or none. Write the file with one of these.`,
        { codec },
      );
    }
    bytes += Number(facts.total_uncompressed_size);
  }
  if (bytes <= mostGroupBytes && num_rows <= mostGroupRows) return;
  throw new DataError(
    { file },
    `rowsFromParquet: row group ${group + 1} is too large to be read into memory. Got ${num_rows} rows of ${bytes} bytes in all, expected at most ` +
      `${mostGroupRows} and ${mostGroupBytes}. Write the file with smaller row groups (pyarrow: row_group_size=100_000).`,
    { rows: Number(num_rows), bytes },
  );
}

/** What a reading gives, or the error that the file is damaged in this part. */
async function orDamaged<T>(file: string, part: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DataError(
      { file },
      `rowsFromParquet: cannot read ${part} (${reason}). Expected a whole Parquet file with texts in UTF-8. Copy it again, or write it anew.`,
      {},
      { cause },
    );
  }
}
