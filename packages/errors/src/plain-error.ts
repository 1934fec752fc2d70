import {
  ConfigError,
  DataError,
  DivergenceError,
  type ErrorDetails,
  FormatError,
  KindredError,
  type MemoryState,
  MeshError,
  OutOfMemoryError,
  ShapeError,
  WorkerError,
} from "./kindred-error.ts";

/** An error as plain data, for a message between threads or a line of a log. */
export type PlainError = {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly details: ErrorDetails;
};

/**
 * Any thrown value as plain data.
 *
 * @example
 * ```ts
 * import { ConfigError, fromPlainError, toPlainError } from "@kindred/errors";
 *
 * const plain = toPlainError(new ConfigError("train: unknown key. Got lr, expected learningRate.", { key: "lr" }));
 * plain.name; // => "ConfigError"
 * fromPlainError(plain) instanceof ConfigError; // => true
 * ```
 */
export function toPlainError(thrown: unknown): PlainError {
  if (!(thrown instanceof Error)) return { name: "Error", message: String(thrown), stack: undefined, details: {} };
  const details = thrown instanceof KindredError ? thrown.details : {};
  return { name: thrown.name, message: thrown.message, stack: thrown.stack, details };
}

const classes: { readonly [name: string]: { readonly prototype: KindredError } } = {
  ConfigError,
  DataError,
  DivergenceError,
  FormatError,
  MeshError,
  OutOfMemoryError,
  ShapeError,
  WorkerError,
};

/**
 * The error that {@link toPlainError} took apart, of the same class, with its message, stack and details unchanged.
 *
 * @example
 * ```ts
 * import { DataError, fromPlainError, toPlainError } from "@kindred/errors";
 *
 * const line = JSON.stringify(toPlainError(new DataError({ file: "pairs.jsonl", line: 7 }, "not JSON.")));
 * const error = fromPlainError(JSON.parse(line));
 * error instanceof DataError && error.line; // => 7
 * ```
 */
export function fromPlainError(plain: PlainError): Error {
  const prototype = Object.hasOwn(classes, plain.name) ? classes[plain.name]?.prototype : undefined;
  const error = Object.assign(new Error(plain.message), { name: plain.name });
  if (plain.stack !== undefined) error.stack = plain.stack;
  if (prototype === undefined) return error;
  Object.setPrototypeOf(error, prototype);
  return Object.assign(error, fieldsOf(plain));
}

/** The own fields that the class's constructor would have set from its arguments. */
function fieldsOf({ name, details }: PlainError): object {
  const exitCode = name === "ConfigError" ? 2 : name === "DataError" || name === "FormatError" ? 3 : 1;
  const fields = { details, exitCode };
  if (name === "DataError") return { ...fields, file: details["file"], line: details["line"] };
  if (name === "FormatError") return { ...fields, file: details["file"], offset: details["offset"] };
  if (name === "MeshError") return { ...fields, core: details["core"] };
  if (name === "WorkerError") return { ...fields, worker: details["worker"] };
  if (name === "OutOfMemoryError") return { ...fields, memory: details as MemoryState };
  return fields;
}
