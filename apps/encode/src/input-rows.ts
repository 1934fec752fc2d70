import { openDataset, type OpenDatasetOptions } from "@kindred/datasets/node";
import { ConfigError } from "@kindred/errors";
import { option } from "@kindred/options";
import { existsSync, statSync } from "node:fs";
import * as v from "valibot";

/** The options that say where texts come from. */
export const inputOptions = {
  input: option(
    v.array(v.string()),
    [],
    "File of texts: .txt, one a line, or .jsonl, .csv, .tsv or .parquet, rows with a text; all but .parquet also as .gz or .zst. - is standard input. May be repeated.",
  ),
  inputFormat: option(
    v.optional(v.picklist(["txt", "jsonl", "csv", "tsv"])),
    undefined,
    "What standard input is, or files whose names do not say it. Default: as the name ends; of standard input, txt.",
  ),
  textField: option(v.string(), "text", "The field or column of a row that holds its text."),
};

/** What messages call the options that rows are read by. */
const flags = { columnFlag: "--text-field", skipFlag: "--on-bad-row skip", formatFlag: "--input-format" };

/** What is done with a row that is none. */
type OnBadRow = "stop" | "skip" | "empty";

/** A row of the input. */
export type InputRow = { readonly text: string; readonly id: string | number | null };

/** The rows of some files, read once from front to back, and what is known of them so far. */
export type InputRows = AsyncIterable<InputRow> & {
  /** How many bad rows there were, by what was wrong with them. */
  readonly bad: { readonly [reason: string]: number };
  /** The part of the files that has been read, from 0 to 1; undefined where nobody knows. */
  readonly share: number | undefined;
};

/** How files are read. */
export type InputOptions = {
  readonly inputFormat: "txt" | "jsonl" | "csv" | "tsv" | undefined;
  readonly textField: string;
  readonly idField?: string | undefined;
  readonly onBadRow?: OnBadRow;
};

/**
 * Words after `--input FILE`, as of `--input *.jsonl`: more files.
 *
 * @throws ConfigError for a word that is none
 */
export function filesAmong(where: string, words: readonly string[]): readonly string[] {
  const word = words.find((word) => !existsSync(word));
  if (word === undefined) return words;
  throw new ConfigError(
    `${where}: both --input and texts are given. Got “${word}”, which is no file: beside --input, words are more files to read. Leave one out.`,
  );
}

/**
 * The rows of files, one file after another: each line of a `.txt`, blank ones too, or the text field of each row of the others (a row of a `.jsonl`
 * may also be a text itself). What `onBadRow` says of a row that is none: it is an error, is left out, or is an empty text.
 *
 * @throws DataError naming the file, and the line, for another kind of file and for one that cannot be read; ConfigError for ids of a file without fields
 */
export function inputRows(
  files: readonly string[],
  { inputFormat, textField, idField, onBadRow = "stop" }: InputOptions,
): InputRows {
  const bad: { [reason: string]: number } = {};
  let waiting = 0; // bad rows since the last good one
  const options: OpenDatasetOptions = {
    ...flags,
    leastTexts: 1,
    columns: [textField],
    idColumn: idField,
    blankLines: "keep",
    mayBeEmpty: true,
    format: inputFormat,
    onBadLine: onBadRow === "stop" ? "error" : "skip",
    onSkip: ({ details }) => {
      const reason = String(details["reason"]);
      bad[reason] = (bad[reason] ?? 0) + 1;
      waiting++;
    },
  };
  const datasets = files.map((file) => openDataset(file, options));
  const sizes = files.map((file) => statSync(file, { throwIfNoEntry: false })?.size ?? Number.NaN);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  let [before, size, shareOfFile]: [number, number, () => number | undefined] = [0, 0, () => 0];
  const emptied = () => {
    const count = onBadRow === "empty" ? waiting : 0;
    waiting = 0;
    return Array.from({ length: count }, (): InputRow => ({ text: "", id: null }));
  };
  async function* rows(): AsyncGenerator<InputRow, void> {
    for (const [number, dataset] of datasets.entries()) {
      const pass = dataset.rows();
      [size, shareOfFile] = [sizes[number] ?? 0, () => pass.share];
      for await (const { texts, id } of pass) {
        if (idField !== undefined && id === undefined)
          throw new ConfigError(`--id-field: lines of text have no fields. Got ${dataset.name}. Leave it out.`);
        if (waiting > 0) yield* emptied();
        const [text = ""] = texts;
        yield { text, id: id ?? null };
      }
      yield* emptied();
      [before, size] = [before + size, 0];
    }
  }
  return {
    [Symbol.asyncIterator]: rows,
    bad,
    get share() {
      const part = (before + (size === 0 ? 0 : size * (shareOfFile() ?? Number.NaN))) / total;
      return Number.isFinite(part) ? part : undefined;
    },
  };
}
