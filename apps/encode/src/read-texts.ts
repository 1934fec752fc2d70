import { createReadStream } from "node:fs";
import { gunzip, type Line, lines } from "@kindred/datasets";
import { ConfigError, DataError } from "@kindred/errors";

/**
 * The texts of a file, one after another: each line of a `.txt`, or the `text` of each row of a `.jsonl` (a row may also be a
 * text itself). Either may be gzipped, with `.gz` at the end of its name.
 *
 * @throws ConfigError for another kind of file; {@link DataError} naming file and line for one that cannot be read.
 */
export async function* readTexts(file: string): AsyncGenerator<string> {
  const kind = /\.(txt|jsonl)(\.gz)?$/.exec(file);
  if (kind === null) {
    throw new ConfigError(
      `--input: unknown kind of file. Got ${file}, expected .txt or .jsonl, perhaps with .gz behind it.`,
      { file },
    );
  }
  const bytes = bytesOf(file);
  const unzipped = kind[2] === undefined ? bytes : gunzip(bytes, { file });
  for await (const line of lines(unzipped, { file })) yield kind[1] === "txt" ? line.text : textOfRow(line, file);
}

function textOfRow({ number, text }: Line, file: string): string {
  let row: unknown;
  try {
    row = JSON.parse(text);
  } catch (cause) {
    throw new DataError({ file, line: number }, `not JSON: ${(cause as Error).message}.`, {}, { cause });
  }
  if (typeof row === "string") return row;
  const field = typeof row === "object" && row !== null ? (row as { text?: unknown }).text : undefined;
  if (typeof field === "string") return field;
  throw new DataError(
    { file, line: number },
    `no text in this row. Got ${text.slice(0, 60)}, expected {"text": "…"} or "…".`,
  );
}

async function* bytesOf(file: string): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(file) as AsyncIterable<Uint8Array>;
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new DataError({ file }, code === "ENOENT" ? "no such file." : `cannot be read: ${message}.`, {}, { cause });
  }
}
