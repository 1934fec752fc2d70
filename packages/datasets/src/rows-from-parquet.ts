import { DataError } from "@kindred/errors";
import { excerpt, refuseLine, skipAdvice } from "./bad-line.ts";
import { type ByteSource, openParquet, type ParquetFile } from "./parquet-file.ts";
import { columnRule } from "./row-content.ts";
import { type RowOptions, withNegatives } from "./row-options.ts";
import { columnAdvice, jsonForms, rowsOfJson } from "./rows-of-json.ts";
import type { TextRow } from "./text-row.ts";

/**
 * The rows of a Parquet file, each read as if it were the object of a line of a .jsonl file: columns of texts in their order, lists of texts
 * (`negative`, `pos`, `texts`), scores and labels; see {@link rowsFromJsonl}. A row's place has its number, counted from 1, as its line.
 *
 * It is read row group by row group, of which one is in memory at a time, and only the columns that are taken. Pages may be packed with Snappy,
 * Gzip, Brotli, Zstandard or LZ4.
 *
 * @throws DataError naming file, row group and column for what is damaged, packed otherwise, or no UTF-8, and for a row group of more than 2 GiB; naming
 * file and row for a row that is none, unless `onBadLine` is `"skip"`; for columns that are not there; and for a file without rows, if it has
 * to have some.
 * @see Apache Parquet, parquet-format
 *
 * @example
 * ```ts ignore
 * import { rowsFromParquet } from "@kindred/datasets";
 *
 * declare const blob: Blob; // a file that a person chose in a page
 * const source = { byteLength: blob.size, slice: (start: number, end?: number) => blob.slice(start, end).arrayBuffer() };
 * for await (const { texts } of rowsFromParquet(source, { file: "pairs.parquet" })) console.log(texts);
 * ```
 */
export async function* rowsFromParquet(source: ByteSource, options: RowOptions): AsyncGenerator<TextRow, void> {
  yield* rowsOfParquet(await openParquet(source, options.file), options);
}

/** The rows of a Parquet file that is open. */
export function rowsOfParquet(parquet: ParquetFile, options: RowOptions): AsyncGenerator<TextRow, void> {
  const { negatives, file } = options;
  const rows = allRows(parquet, options);
  return negatives === undefined ? rows : withNegatives(rows, negatives, file);
}

async function* allRows(parquet: ParquetFile, options: RowOptions): AsyncGenerator<TextRow, void> {
  const { file, negatives, leastTexts, onColumns, idColumn, columnFlag } = options;
  const columns = namedColumns(parquet, options);
  const names =
    columns === undefined ? parquet.names : [...new Set([...columns, ...(idColumn === undefined ? [] : [idColumn])])];
  const leftOut = parquet.names.filter((name) => !names.includes(name));
  const accept = columnRule({ anyNumber: negatives !== undefined });
  let [number, rowCount] = [0, 0];
  for (const [group, count] of parquet.groups.entries()) {
    const values = count === 0 ? [] : await parquet.read(group, names);
    for (let i = 0; i < count; i++) {
      const place = { file, line: ++number };
      const value = Object.fromEntries(names.map((name, column) => [name, values[column]?.[i]]));
      const form = rowsOfJson(value, { columns, leastTexts, idColumn, columnFlag });
      const rows = "problem" in form ? [form] : form.rows.map(accept);
      const bad = rows.find((row) => "problem" in row);
      if (bad !== undefined) {
        const { problem, reason = "another form" } = bad;
        const rule = columns === undefined ? `, expected ${jsonForms}` : "";
        const message = `rowsFromParquet: row ${number}: ${problem}. Got ${excerpt(JSON.stringify(value))}${rule}. ${skipAdvice(options, "row")}`;
        refuseLine(new DataError(place, message, { reason }), options);
        continue;
      }
      for (const row of rows) {
        if ("problem" in row) continue;
        const { names: texts, marks = [], leftOut: _, hasList: __, ...content } = row;
        if (rowCount === 0 && texts !== undefined) onColumns?.({ texts, marks, leftOut });
        rowCount++;
        yield { ...content, place };
      }
    }
  }
  if (rowCount === 0 && options.mayBeEmpty !== true)
    throw new DataError({ file }, "rowsFromParquet: no rows. Got an empty file or bad rows only, expected texts.");
}

/** The columns that are asked for, if the file is to have them or has them. */
function namedColumns(
  { names }: ParquetFile,
  { file, columns, columnsIfThere = false, idColumn, columnFlag }: RowOptions,
) {
  const missing = [...(columns ?? []), ...(idColumn === undefined ? [] : [idColumn])].find(
    (name) => !names.includes(name),
  );
  if (missing === undefined) return columns;
  if (columnsIfThere) return undefined;
  throw new DataError(
    { file },
    `rowsFromParquet: there is no column "${missing}". Got ${excerpt(names.join(", "))}, expected ${columns?.join(", ")} among them.${columnAdvice(missing, idColumn, columnFlag)}`,
  );
}
