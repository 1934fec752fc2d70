import { KindredError } from "./kindred-error.ts";

/**
 * A wrong option, configuration key or command line. `details` holds the key and the value. Exit code 2.
 *
 * @example
 * ```ts
 * import { ConfigError } from "@kindred/errors";
 *
 * const error = new ConfigError("train: bad value for batchSize. Got 1, expected at least 2.", { key: "batchSize", value: 1 });
 * [error.exitCode, error.details]; // => [2, { key: "batchSize", value: 1 }]
 * ```
 */
export class ConfigError extends KindredError {
  readonly exitCode = 2;
}
