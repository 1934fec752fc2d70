import { FormatError } from "@kindred/errors";

/** The files of a model folder: bytes by path relative to the folder, with `/` between names (`1_Pooling/config.json`). */
export type ModelFiles = { readonly [path: string]: Uint8Array };

/** A JSON object as parsed, its keys unknown. */
export type JsonObject = { readonly [key: string]: unknown };

/** The text of one file of a folder, or undefined where the folder has no such file. Invalid UTF-8 is a {@link FormatError}. */
export function textFile(files: ModelFiles, path: string): string | undefined {
  const bytes = Object.hasOwn(files, path) ? files[path] : undefined;
  if (bytes === undefined) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new FormatError({ file: path }, "not valid UTF-8. Is the file complete?", {}, { cause });
  }
}

/** The parsed JSON of one file of a folder, or undefined where the folder has no such file. Broken JSON is a {@link FormatError}. */
export function jsonFile(files: ModelFiles, path: string): unknown {
  const text = textFile(files, path);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new FormatError(
      { file: path },
      `not JSON: ${(cause as Error).message}. Is the file complete?`,
      {},
      { cause },
    );
  }
}

/** As {@link jsonFile}, for files that hold one object. */
export function jsonObjectFile(files: ModelFiles, path: string): JsonObject | undefined {
  const value = jsonFile(files, path);
  if (value === undefined) return undefined;
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw new FormatError({ file: path }, `Got ${JSON.stringify(value)?.slice(0, 40)}, expected a JSON object.`);
}
