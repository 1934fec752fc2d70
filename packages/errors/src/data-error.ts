import { type ErrorDetails, KindredError } from "./kindred-error.ts";

/** Where a bad row stands: the file as the user named it, and the line counted from 1 where there are lines. */
export type DataPlace = { readonly file: string; readonly line?: number };

/**
 * Bad text data: a broken line, a missing column, a data set with nothing in it. Exit code 3.
 *
 * The message begins with the place, `file:line:`, as compilers print it.
 *
 * @example
 * ```ts
 * import { DataError } from "@kindred/errors";
 *
 * const error = new DataError({ file: "pairs.jsonl", line: 7 }, "not JSON.");
 * [error.message, error.line, error.exitCode]; // => ["pairs.jsonl:7: not JSON.", 7, 3]
 * ```
 */
export class DataError extends KindredError {
  readonly exitCode = 3;
  readonly file: string;
  readonly line: number | undefined;

  constructor(place: DataPlace, message: string, details: ErrorDetails = {}, options?: ErrorOptions) {
    super(
      `${place.file}${place.line === undefined ? "" : `:${place.line}`}: ${message}`,
      { ...details, ...place },
      options,
    );
    this.file = place.file;
    this.line = place.line;
  }
}
