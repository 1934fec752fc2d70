import { KindredError } from "./kindred-error.ts";

/** A wrong option, configuration key or command line. `details` holds the key and the value. Exit code 2. */
export class ConfigError extends KindredError {
  readonly exitCode = 2;
}
