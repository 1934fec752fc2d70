import { ConfigError, nearestName } from "@kindred/errors";
import type { Dtype } from "../dtype.ts";
import type { NamedTensor } from "../named-tensor.ts";

/** What a file says of one tensor. */
export type TensorSummary = {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly byteLength: number;
};

/** An open file of tensors: what they are in memory, their elements on disk. */
export type TensorFile = {
  /** What each tensor is, in the order in which to read them all. */
  readonly tensors: ReadonlyMap<string, TensorSummary>;
  /**
   * Reads one tensor, into a buffer of its own.
   *
   * Throws ConfigError for a name that the file has not, naming the nearest, and FormatError if the file has become
   * shorter since it was opened.
   */
  readonly read: (name: string) => Promise<NamedTensor>;
  /** Closes the file. A second call does nothing. */
  readonly close: () => Promise<void>;
  /** The same, for `await using`. */
  readonly [Symbol.asyncDispose]: () => Promise<void>;
};

/** The error for a name that a file has not. */
export function unknownTensor(functionName: string, path: string, name: string, known: Iterable<string>): ConfigError {
  const nearest = nearestName(name, known);
  const meant =
    nearest === undefined ? "expected one of the file's tensors" : `did you mean ${JSON.stringify(nearest)}`;
  return new ConfigError(`${functionName}: ${path} has no such tensor. Got ${JSON.stringify(name)}, ${meant}.`, {
    path,
    name,
  });
}
