/** The exit code of a command that ended with an error: 1 failed, 2 bad usage or configuration, 3 bad data or model file. */
export type ExitCode = 1 | 2 | 3;

/** What an error was about, as plain data: sizes, names, positions. It survives a thread boundary and a JSON log. */
export type ErrorDetails = { readonly [name: string]: unknown };

/**
 * The base of every error that Kindred throws on purpose.
 *
 * A message reads `<function>: <what is wrong>. Got <values>, expected <rule>. <what to do>`; `details` carries the same
 * values for programs. Anything else that is thrown is a defect.
 *
 * @example
 * ```ts
 * import { ConfigError, KindredError } from "@kindred/errors";
 *
 * try {
 *   throw new ConfigError("train: no data. Expected a file of pairs.", { key: "data" });
 * } catch (error) {
 *   if (!(error instanceof KindredError)) throw error;
 *   [error.name, error.exitCode, error.details]; // => ["ConfigError", 2, { key: "data" }]
 * }
 * ```
 */
export abstract class KindredError extends Error {
  /** What a command that ends with this error exits with. */
  abstract readonly exitCode: ExitCode;
  readonly details: ErrorDetails;

  constructor(message: string, details: ErrorDetails = {}, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.details = details;
  }
}
