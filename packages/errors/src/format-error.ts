import { type ErrorDetails, KindredError } from "./kindred-error.ts";

/** Where a file breaks its format's rule: the file's name, and the byte offset where that is known. */
export type FormatPlace = { readonly file: string; readonly offset?: number };

/**
 * A binary or model file that breaks its format: safetensors, .npy, tokenizer.json, config.json, … Exit code 3.
 *
 * The message names the file, the offset and the broken rule.
 *
 * @example
 * ```ts
 * import { FormatError } from "@kindred/errors";
 *
 * const error = new FormatError({ file: "model.safetensors", offset: 8 }, "the header is not JSON.");
 * [error.message, error.exitCode]; // => ["model.safetensors (byte 8): the header is not JSON.", 3]
 * ```
 */
export class FormatError extends KindredError {
  readonly exitCode = 3;
  readonly file: string;
  readonly offset: number | undefined;

  constructor(place: FormatPlace, message: string, details: ErrorDetails = {}, options?: ErrorOptions) {
    const at = place.offset === undefined ? "" : ` (byte ${place.offset})`;
    super(`${place.file}${at}: ${message}`, { ...details, ...place }, options);
    this.file = place.file;
    this.offset = place.offset;
  }
}
