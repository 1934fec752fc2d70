import { DataError } from "@kindred/errors";
import { usualSkipFlag } from "./bad-line.ts";
import { lines, type LinesOptions } from "./lines.ts";
import type { TextRow } from "./text-row.ts";

/** Options of {@link rowsFromText}. */
export type RowsFromTextOptions = LinesOptions & {
  /** Whether no text at all will do. Default: it is refused. */
  readonly mayBeEmpty?: boolean | undefined;
  /** `"skip"` (default): a line of blanks alone is no text, and is left out. `"keep"`: it is one, so that row i is line i. */
  readonly blankLines?: "skip" | "keep" | undefined;
  /** Called for each blank line that is left out, so that they can be counted. */
  readonly onBlank?: (() => void) | undefined;
};

/**
 * The rows of a .txt byte stream: each line is a row of one text, as it stands; nothing is trimmed.
 *
 * @throws DataError with file and line for a line that is not UTF-8 or too long, unless `onBadLine` is `"skip"`; and when there is no text and there has to be one.
 *
 * @example
 * ```ts
 * import { rowsFromText } from "@kindred/datasets";
 *
 * const file = new Blob(["A cat sat.\n\n A dog ran.\n"]);
 * const texts: (readonly string[])[] = [];
 * for await (const row of rowsFromText(file.stream(), { file: "texts.txt" })) texts.push(row.texts);
 * texts; // => [["A cat sat."], [" A dog ran."]]
 * ```
 */
export async function* rowsFromText(
  chunks: AsyncIterable<Uint8Array>,
  options: RowsFromTextOptions,
): AsyncGenerator<TextRow, void> {
  const { file, blankLines = "skip", onBlank } = options;
  let isEmpty = true;
  for await (const { number, text } of lines(chunks, { ...options, skipFlag: options.skipFlag ?? usualSkipFlag })) {
    if (blankLines === "skip" && text.trim() === "") {
      onBlank?.();
      continue;
    }
    isEmpty = false;
    yield { texts: [text], place: { file, line: number } };
  }
  if (isEmpty && options.mayBeEmpty !== true)
    throw new DataError(
      { file },
      "rowsFromText: no texts. Got an empty file or blank lines only, expected one a line.",
    );
}
