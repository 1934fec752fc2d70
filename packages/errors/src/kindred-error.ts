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

/**
 * A tensor or array whose shape, length or element type does not fit. `details` holds the shapes. Exit code 1.
 *
 * @example
 * ```ts
 * import { ShapeError } from "@kindred/errors";
 *
 * const error = new ShapeError("linear: in has two sizes. Got 3 and 4, expected one.", { x: [2, 3], weight: [5, 4] });
 * [error.exitCode, error.details]; // => [1, { x: [2, 3], weight: [5, 4] }]
 * ```
 */
export class ShapeError extends KindredError {
  readonly exitCode = 1;
}

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

/** How much was asked for, how much was in use, and the most that may be in use, in bytes. */
export type MemoryState = { readonly requestedBytes: number; readonly usedBytes: number; readonly limitBytes: number };

/**
 * The tensor heap is full. The allocation did not happen, and everything that was there still works. Exit code 1.
 *
 * @example
 * ```ts
 * import { OutOfMemoryError } from "@kindred/errors";
 *
 * const memory = { requestedBytes: 4096, usedBytes: 1_000_000, limitBytes: 1_000_000 };
 * new OutOfMemoryError("tensor: the heap is full. Lower maxBatchTokens.", memory).memory.usedBytes; // => 1000000
 * ```
 */
export class OutOfMemoryError extends KindredError {
  readonly exitCode = 1;
  readonly memory: MemoryState;

  constructor(message: string, memory: MemoryState) {
    super(message, memory);
    this.memory = memory;
  }
}

/**
 * Training has left the numbers: a loss or gradient is not finite. The weights are those of before the step. Exit code 1.
 *
 * @example
 * ```ts
 * import { DivergenceError } from "@kindred/errors";
 *
 * new DivergenceError("train: the loss is not finite. Lower learningRate.", { step: 12 }).details; // => { step: 12 }
 * ```
 */
export class DivergenceError extends KindredError {
  readonly exitCode = 1;
}

/**
 * A core of a mesh that failed, or that was stopped because another one did. `core` is the one that failed. Exit code 1.
 *
 * @example
 * ```ts
 * import { MeshError } from "@kindred/errors";
 *
 * const error = new MeshError(1, "core 1 has ended.", { exitCode: 9 });
 * [error.core, error.details]; // => [1, { exitCode: 9, core: 1 }]
 * ```
 */
export class MeshError extends KindredError {
  readonly exitCode = 1;
  readonly core: number;

  constructor(core: number, message: string, details: ErrorDetails = {}, options?: ErrorOptions) {
    super(message, { ...details, core }, options);
    this.core = core;
  }
}

/**
 * A worker of a pool that ended in the middle of a job, or a pool that was closed before the job was done. Exit code 1.
 *
 * `worker` is the one that ended, −1 where the whole pool did.
 *
 * @example
 * ```ts
 * import { WorkerError } from "@kindred/errors";
 *
 * const error = new WorkerError(1, "run: the thread of worker 1 ended by itself. Got exit code 9.", { exitCode: 9 });
 * [error.worker, error.details]; // => [1, { exitCode: 9, worker: 1 }]
 * ```
 */
export class WorkerError extends KindredError {
  readonly exitCode = 1;
  readonly worker: number;

  constructor(worker: number, message: string, details: ErrorDetails = {}, options?: ErrorOptions) {
    super(message, { ...details, worker }, options);
    this.worker = worker;
  }
}
