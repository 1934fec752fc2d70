import { DataError } from "@kindred/errors";
import { refuseLine } from "./bad-line-options.ts";
import { csvFields, type OpenRecord } from "./csv-fields.ts";
import { excerpt } from "./excerpt.ts";
import { isScoreName, type RowContent } from "./json-rows.ts";
import { lines, type LinesOptions } from "./lines.ts";
import type { TextRow } from "./text-row.ts";

/** Options of {@link rowsFromDelimited}. */
export type DelimitedOptions = LinesOptions & {
  /** `"csv"`: commas, quotes as in RFC 4180. `"tsv"`: tabs, no quoting at all, so that a `"` is just a character. */
  readonly format: "csv" | "tsv";
};

/**
 * The rows of a .csv or .tsv byte stream whose first line names the columns.
 *
 * Every column is a text and its place decides its role (anchor, positive, negatives …), except one named label or
 * score (or labels, scores), which must hold numbers and is the row's score. Nothing is trimmed. Blank lines are no
 * rows. In a quoted CSV field that runs over several lines a line end reads as `\n`, whatever it is in the file.
 *
 * A .tsv file is split at tabs and nothing else, as the STS benchmark's files want it: 110 of the 1,500 rows of its
 * development set hold a literal `"`.
 *
 * @throws DataError with file and line for a record with another number of fields than the header, wrong quotes or a
 * score that is no number, unless `onBadLine` is `"skip"`; and always for a header that cannot be used or when there is
 * no row.
 *
 * @example
 * ```ts
 * import { rowsFromDelimited } from "@kindred/datasets";
 *
 * const file = new Blob(['score\tsentence1\tsentence2\n4.75\tA "big" cat.\tA large cat.\n']);
 * const rows: unknown[] = [];
 * for await (const row of rowsFromDelimited(file.stream(), { file: "dev.tsv", format: "tsv" })) rows.push(row);
 * rows; // => [{ texts: ['A "big" cat.', "A large cat."], score: 4.75, place: { file: "dev.tsv", line: 2 } }]
 * ```
 */
export async function* rowsFromDelimited(
  chunks: AsyncIterable<Uint8Array>,
  options: DelimitedOptions,
): AsyncGenerator<TextRow, void> {
  const { file } = options;
  let header: readonly string[] | undefined;
  let rowCount = 0;
  for await (const { line, fields } of records(chunks, options)) {
    const place = { file, line };
    if (header === undefined) {
      header = fields;
      checkHeader(header, place);
      continue;
    }
    const row = rowOf(fields, header);
    if ("problem" in row) {
      refuseLine(
        new DataError(place, `rowsFromDelimited: ${row.problem}. Correct the line, or skip bad lines.`),
        options,
      );
      continue;
    }
    rowCount++;
    yield { texts: row.texts, ...(row.score !== undefined && { score: row.score }), place };
  }
  if (rowCount > 0) return;
  const rule = "expected a first line with the names of the columns and one row or more below it";
  throw new DataError(
    { file },
    `rowsFromDelimited: no rows. Got ${header === undefined ? "an empty file" : "a header, and no good row"}, ${rule}.`,
  );
}

type CsvRecord = { readonly line: number; readonly fields: readonly string[] };

/** The records of the file, each with the number of its first line. */
async function* records(chunks: AsyncIterable<Uint8Array>, options: DelimitedOptions): AsyncGenerator<CsvRecord, void> {
  const { file, format, maxLineBytes = 16 * 2 ** 20 } = options;
  let open: (OpenRecord & { readonly line: number }) | undefined;
  for await (const { number, text } of lines(chunks, options)) {
    if (open === undefined && text.trim() === "") continue;
    if (format === "tsv") {
      yield { line: number, fields: text.split("\t") };
      continue;
    }
    const line = open?.line ?? number;
    const record = csvFields(text, open);
    open = undefined;
    if ("fields" in record) {
      yield { line, fields: record.fields };
    } else if ("problem" in record) {
      const message = `rowsFromDelimited: ${record.problem}. Got ${excerpt(text)}, expected quotes around the whole field and "" for a quote in it. Correct the line, or skip bad lines.`;
      refuseLine(new DataError({ file, line }, message), options);
    } else if (record.open.field.length <= maxLineBytes) {
      open = { ...record.open, line };
    } else {
      refuseLine(unclosed(file, line, record.open), options);
    }
  }
  if (open !== undefined) refuseLine(unclosed(file, open.line, open), options);
}

function unclosed(file: string, line: number, open: OpenRecord): DataError {
  const got = `Got ${excerpt(open.field)}`;
  return new DataError(
    { file, line },
    `rowsFromDelimited: a quote is never closed. ${got}, expected a closing " in the record. Correct the line.`,
  );
}

function checkHeader(header: readonly string[], place: { readonly file: string; readonly line: number }): void {
  const unnamed = header.indexOf("");
  if (unnamed >= 0) {
    const cause = "(pandas writes such a column for its index; to_csv(…, index=False) does not)";
    throw new DataError(
      place,
      `rowsFromDelimited: column ${unnamed + 1} of the header has no name ${cause}. Got ${excerpt(header.join(", "))}, expected a name for each column.`,
    );
  }
  const textCount = header.filter((name) => !isScoreName(name)).length;
  if (textCount >= 2 && header.length - textCount <= 1) return;
  throw new DataError(
    place,
    `rowsFromDelimited: the header does not fit. Got ${excerpt(header.join(", "))}, expected two or more columns of text and at most one named label or score.`,
  );
}

function rowOf(fields: readonly string[], header: readonly string[]): RowContent | { readonly problem: string } {
  if (fields.length !== header.length) {
    const rule = `expected ${header.length}, as in the header (${header.join(", ")})`;
    return { problem: `the row has ${fields.length} fields. Got ${excerpt(fields.join(" | "))}, ${rule}` };
  }
  const scoreColumn = header.findIndex(isScoreName);
  if (scoreColumn < 0) return { texts: fields };
  const cell = fields[scoreColumn]!;
  const score = cell.trim() === "" ? Number.NaN : Number(cell);
  if (!Number.isFinite(score)) {
    return { problem: `the ${header[scoreColumn]} is not a number. Got ${excerpt(cell)}, expected digits like 4.75` };
  }
  return { texts: fields.toSpliced(scoreColumn, 1), score };
}
