import { open } from "node:fs/promises";
import { ConfigError, FormatError, nearestName } from "@kindred/errors";
import type { ByteSource } from "../byte-source.ts";
import type { Dtype, NamedTensor } from "../named-tensor.ts";

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

/** An open file as a source. */
export type FileSource = ByteSource & {
  /** Closes the file. A second call does nothing. */
  readonly close: () => Promise<void>;
};

/** Opens a file to be read piece by piece. One that is not there, or has become shorter since, is a {@link FormatError}. */
export async function openFileSource(path: string): Promise<FileSource> {
  const handle = await open(path, "r").catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== "ENOENT") throw cause;
    throw new FormatError({ file: path }, "the file is missing.", {}, { cause });
  });
  let isOpen = true;
  const close = async () => {
    if (isOpen) {
      isOpen = false;
      await handle.close();
    }
  };
  const read = async (offset: number, length: number): Promise<Uint8Array> => {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; ) {
      const { bytesRead } = await handle.read(bytes, at, length - at, offset + at);
      if (bytesRead === 0)
        throw new FormatError({ file: path, offset: offset + at }, "the file ends here. Was it cut off while open?");
      at += bytesRead;
    }
    return bytes;
  };
  try {
    return { file: path, length: (await handle.stat()).size, read, close };
  } catch (error) {
    await close();
    throw error;
  }
}
