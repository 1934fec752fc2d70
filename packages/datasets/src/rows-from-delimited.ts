import { DataError } from "@kindred/errors";
import { type BadLineReason, excerpt, refuseLine, skipAdvice, usualSkipFlag } from "./bad-line.ts";
import { csvFields, type OpenRecord } from "./csv-fields.ts";
import { type Line, lines } from "./lines.ts";
import { isLabelName, isMarkName, isScoreName, type Problem, type RowContent } from "./row-content.ts";
import { columnAdvice } from "./rows-of-json.ts";
import { type RowOptions, withNegatives } from "./row-options.ts";
import type { TextRow } from "./text-row.ts";

/** Options of {@link rowsFromDelimited}. */
export type DelimitedOptions = RowOptions & {
  /** `"csv"`: commas, quotes as in RFC 4180. `"tsv"`: tabs, no quoting at all, so that a `"` is just a character. */
  readonly format: "csv" | "tsv";
};

/**
 * The rows of a .csv or .tsv byte stream whose first line names the columns.
 *
 * Every column is a text and its place decides its role (anchor, positive, negatives …), except one named score (or scores), which must
 * hold numbers, and one named label (or labels), which holds numbers, or names of classes in every row. Nothing is trimmed. Blank lines are no
 * rows. In a quoted CSV field that runs over several lines a line end reads as `\n`, whatever it is in the file.
 *
 * A .tsv file is split at tabs and nothing else, as the STS benchmark's files want it: 110 of the 1,500 rows of its
 * development set hold a literal `"`.
 *
 * @throws DataError with file and line for a record with another number of fields than the header, wrong quotes or a
 * score that is no number or a label that is none, unless `onBadLine` is `"skip"`; and always for a header that cannot be used, for a quote
 * that is never closed, or when there is no row.
 *
 * @example
 * ```ts
 * import { rowsFromDelimited } from "@kindred/datasets";
 *
 * const file = new Blob(['score\tsentence1\tsentence2\n4.75\tA "big" cat.\tA large cat.\n']);
 * const rows: unknown[] = [];
 * for await (const row of rowsFromDelimited(file.stream(), { file: "dev.tsv", format: "tsv" })) rows.push(row);
 * rows; // => [{ texts: ['A "big" cat.', "A large cat."], scores: [4.75], place: { file: "dev.tsv", line: 2 } }]
 * ```
 */
export function rowsFromDelimited(
  chunks: AsyncIterable<Uint8Array>,
  options: DelimitedOptions,
): AsyncGenerator<TextRow, void> {
  const { negatives, file } = options;
  const rows = allRows(chunks, options);
  return negatives === undefined ? rows : withNegatives(rows, negatives, file);
}

async function* allRows(chunks: AsyncIterable<Uint8Array>, options: DelimitedOptions): AsyncGenerator<TextRow, void> {
  const { file, columns, columnsIfThere = false, leastTexts = 2, onColumns, idColumn, columnFlag } = options;
  let read: ((fields: readonly string[]) => RowContent | Problem) | undefined;
  let rowCount = 0;
  for await (const { line, fields } of records(chunks, options)) {
    const place = { file, line };
    if (read === undefined) {
      const isUnnamed = columns === undefined || (columnsIfThere && !columns.every((name) => fields.includes(name)));
      const taken = isUnnamed ? fields : columns;
      const asked = idColumn === undefined ? taken : [...taken, idColumn];
      const missing = asked.find((name) => !fields.includes(name));
      if (missing !== undefined)
        throw new DataError(
          place,
          `rowsFromDelimited: there is no column "${missing}". Got ${excerpt(fields.join(", "))}, expected ${asked.join(", ")} among them.${columnAdvice(missing, idColumn, columnFlag)}`,
        );
      checkHeader(taken, leastTexts, place);
      const leftOut = fields.filter((name) => !asked.includes(name));
      const [texts, marks] = [taken.filter((name) => !isMarkName(name)), taken.filter(isMarkName)];
      onColumns?.({ texts, marks, leftOut });
      read = rowReader(fields, taken, idColumn);
      continue;
    }
    const row = read(fields);
    if ("problem" in row) {
      refuseLine(
        new DataError(place, `rowsFromDelimited: ${row.problem}. ${skipAdvice(options)}`, {
          reason: row.reason ?? "another form",
        }),
        options,
      );
      continue;
    }
    rowCount++;
    yield { ...row, place };
  }
  if (rowCount > 0 || options.mayBeEmpty === true) return;
  const rule = "expected a first line with the names of the columns and one row or more below it";
  throw new DataError(
    { file },
    `rowsFromDelimited: no rows. Got ${read === undefined ? "an empty file" : "a header, and no good row"}, ${rule}.`,
  );
}

type CsvRecord = { readonly line: number; readonly fields: readonly string[] };

/**
 * The records of the file, each with the number of its first line. Of a record over several lines that is wrong only the first line is:
 * a stray quote takes the lines after it into its field, and they are read again by themselves.
 */
async function* records(chunks: AsyncIterable<Uint8Array>, options: DelimitedOptions): AsyncGenerator<CsvRecord, void> {
  const { file, format, maxLineBytes = 16 * 2 ** 20 } = options;
  let open: OpenRecord | undefined;
  let held: Line[] = []; // the lines of the open record
  let width: number | undefined; // fields of the header
  for await (const line of lines(chunks, { ...options, skipFlag: options.skipFlag ?? usualSkipFlag })) {
    let toRead = [line];
    for (let at = 0; at < toRead.length; at++) {
      const next = toRead[at]!; // at is below its length
      const { number, text } = next;
      if (open === undefined && text.trim() === "") continue;
      if (format === "tsv") {
        yield { line: number, fields: text.split("\t") };
        continue;
      }
      held.push(next);
      const [{ number: first, text: firstText } = next] = held;
      const record = csvFields(text, open);
      open = undefined;
      if ("open" in record) {
        open = record.open;
        if (open.field.length > maxLineBytes) throw unclosed(file, first, open);
        continue;
      }
      if ("fields" in record && (held.length === 1 || width === undefined || record.fields.length === width)) {
        width ??= record.fields.length;
        yield { line: first, fields: record.fields };
      } else {
        const problem = "problem" in record ? record.problem : `a quoted field runs over ${held.length} lines`;
        const message = `rowsFromDelimited: ${problem}. Got ${excerpt(firstText)}, expected quotes around the whole field and "" for a quote in it. ${skipAdvice(options)}`;
        const reason: BadLineReason = "wrong quotes";
        refuseLine(new DataError({ file, line: first }, message, { reason }), options);
        [toRead, at] = [[...held.slice(1), ...toRead.slice(at + 1)], -1];
      }
      held = [];
    }
  }
  if (open !== undefined) throw unclosed(file, held[0]?.number ?? 1, open);
}

function unclosed(file: string, line: number, open: OpenRecord): DataError {
  const got = `Got ${excerpt(open.field)}`;
  return new DataError(
    { file, line },
    `rowsFromDelimited: a quote is never closed. ${got}, expected a closing " in the record: without it, all lines below are taken into the field. Correct the line.`,
  );
}

function checkHeader(
  header: readonly string[],
  leastTexts: number,
  place: { readonly file: string; readonly line: number },
): void {
  const unnamed = header.indexOf("");
  if (unnamed >= 0) {
    const cause = "(pandas writes such a column for its index; to_csv(…, index=False) does not)";
    throw new DataError(
      place,
      `rowsFromDelimited: column ${unnamed + 1} of the header has no name ${cause}. Got ${excerpt(header.join(", "))}, expected a name for each column.`,
    );
  }
  const textCount = header.filter((name) => !isMarkName(name)).length;
  const [scoreCount, labelCount] = [header.filter(isScoreName).length, header.filter(isLabelName).length];
  const hasTexts = textCount >= (labelCount === 1 ? 1 : leastTexts);
  if (hasTexts && scoreCount <= 1 && labelCount <= 1) return;
  const [only = ""] = header;
  const isSplitOtherwise = header.length === 1 && /[;\t|,]/.test(only);
  const hint = isSplitOtherwise
    ? " Its columns are separated otherwise: save it with commas as .csv, or with tabs as .tsv."
    : "";
  throw new DataError(
    place,
    `rowsFromDelimited: the header does not fit. Got ${excerpt(header.join(", "))}, expected ${leastTexts === 1 ? "a column" : "two or more columns"} of text (or one and a label), and at ` +
      `most one named score and one named label.${hint}`,
  );
}

/** Reads these columns of the records below a header. The first one that has a label decides whether labels are numbers or names. */
function rowReader(
  header: readonly string[],
  taken: readonly string[],
  idColumn: string | undefined,
): (fields: readonly string[]) => RowContent | Problem {
  const placeOf = (is: (name: string) => boolean) => header.findIndex((name) => is(name) && taken.includes(name));
  const [scoreAt, labelAt] = [placeOf(isScoreName), placeOf(isLabelName)];
  const idAt = idColumn === undefined ? -1 : header.indexOf(idColumn);
  // Two columns of one name are two texts, unless they are asked for by it.
  const textsAt =
    taken === header
      ? [...header.keys()].filter((column) => column !== scoreAt && column !== labelAt)
      : taken.filter((name) => !isMarkName(name)).map((name) => header.indexOf(name));
  let labelsAreNames: boolean | undefined;
  return (fields) => {
    if (fields.length !== header.length) {
      const rule = `expected ${header.length}, as in the header (${header.join(", ")})`;
      const problem = `the row has ${fields.length} fields. Got ${excerpt(fields.join(" | "))}, ${rule}`;
      return { problem, reason: "wrong number of fields" };
    }
    const [scoreCell, labelCell] = [fields[scoreAt], fields[labelAt]]; // undefined where there is no such column
    const score = scoreCell === undefined ? undefined : numberIn(scoreCell);
    if (Number.isNaN(score)) return noNumber(header[scoreAt], scoreCell, "digits like 4.75");
    let label: number | string | undefined = labelCell === undefined ? undefined : numberIn(labelCell);
    if (labelCell !== undefined) {
      if (labelCell.trim() === "") return { problem: `the ${header[labelAt]} is missing. Got ${excerpt(labelCell)}` };
      labelsAreNames ??= Number.isNaN(label);
      if (labelsAreNames) label = labelCell;
      if (Number.isNaN(label)) return noNumber(header[labelAt], labelCell, "one, as in the first row");
    }
    return {
      texts: textsAt.map((column) => fields[column] ?? ""), // as many fields as the header has
      ...(idAt >= 0 && { id: fields[idAt] ?? null }),
      ...(score !== undefined && { scores: [score] }),
      ...(label !== undefined && { label }),
    };
  };
}

/** The number that a cell holds; NaN if it is none, infinite or blank. */
function numberIn(cell: string): number {
  const number = cell.trim() === "" ? Number.NaN : Number(cell);
  return Number.isFinite(number) ? number : Number.NaN;
}

function noNumber(name: string | undefined, cell = "", expected = ""): Problem {
  return { problem: `the ${name} is not a number. Got ${excerpt(cell)}, expected ${expected}` };
}
