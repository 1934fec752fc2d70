import { open } from "node:fs/promises";
import { ConfigError, FormatError, nearestName } from "@kindred/errors";
import type { ByteSource } from "../byte-source.ts";
import { dtypeBits, type NamedTensor, type TensorSummary } from "../named-tensor.ts";
import { parseSafetensorsHeader, safetensorsHeaderLength } from "../safetensors-header.ts";
import { torchCheckpoint } from "../torch/torch-checkpoint.ts";

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

/** An open safetensors file: the header in memory, the tensors on disk. */
export type SafetensorsFile = TensorFile & {
  /**
   * One tensor piece by piece, each a row of elements in the buffer that is given, of a multiple of 8 bytes: the next one overwrites it. Throws as `read`
   * does.
   */
  readonly pieces: (name: string, buffer: Uint8Array) => AsyncGenerator<NamedTensor, void, undefined>;
  /** The header's `__metadata__`; empty if it has none. */
  readonly metadata: Readonly<Record<string, string>>;
};

/**
 * Opens a safetensors file and checks its header; tensors are then read one by one, so that a large model is never in
 * memory twice.
 *
 * @throws FormatError naming file, byte offset and the broken rule, with the file closed again
 *
 * @example
 * ```ts
 * import { mkdtemp } from "node:fs/promises";
 * import { tmpdir } from "node:os";
 * import { join } from "node:path";
 * import { fromFloat32, toFloat32, writeSafetensors } from "@kindred/tensor-files";
 * import { openSafetensors } from "@kindred/tensor-files/node";
 * import { writeFileAtomic } from "@kindred/files/node";
 *
 * const path = join(await mkdtemp(join(tmpdir(), "example-")), "model.safetensors");
 * await writeFileAtomic(path, writeSafetensors([["bias", fromFloat32([1, 2], [2])]]));
 * const file = await openSafetensors(path);
 * toFloat32(await file.read("bias")); // => [1, 2]
 * await file.close();
 * ```
 */
export async function openSafetensors(path: string): Promise<SafetensorsFile> {
  const source = await openFileSource(path);
  const { length, close } = source;
  try {
    const headerLength = safetensorsHeaderLength(await source.read(0, Math.min(8, length)), length, path);
    const dataOffset = 8 + headerLength;
    const { entries, metadata } = parseSafetensorsHeader(await source.read(8, headerLength), length - dataOffset, path);
    const tensors = new Map<string, TensorSummary>();
    for (const [name, { dtype, shape, begin, end }] of entries)
      tensors.set(name, { dtype, shape, byteLength: end - begin });
    const entryOf = (name: string) => {
      const entry = entries.get(name);
      if (entry === undefined) throw unknownTensor("openSafetensors", path, name, entries.keys());
      return entry;
    };
    const read: TensorFile["read"] = async (name) => {
      const { dtype, shape, begin, end } = entryOf(name);
      return { dtype, shape, bytes: await source.read(dataOffset + begin, end - begin) };
    };
    async function* pieces(name: string, buffer: Uint8Array): AsyncGenerator<NamedTensor, void, undefined> {
      const { dtype, begin, end } = entryOf(name);
      for (let at = begin; at < end; at += buffer.length) {
        const bytes = await source.read(dataOffset + at, Math.min(buffer.length, end - at), buffer);
        yield { dtype, shape: [(8 * bytes.length) / dtypeBits[dtype]], bytes };
      }
    }
    return { tensors, metadata, read, pieces, close, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** An open PyTorch checkpoint: what its pickle says in memory, the tensors on disk. */
export type TorchCheckpointFile = TensorFile & {
  /** The numbers, texts and truth values beside the tensors, by dotted name. */
  readonly values: ReadonlyMap<string, number | bigint | string | boolean | null>;
};

/**
 * Opens a PyTorch checkpoint in either form, as `readTorchCheckpoint` reads it, and reads tensors one by one, so that
 * a large model is never in memory twice. Of packed archives one unpacked storage is kept, the last.
 *
 * @throws FormatError naming file, byte offset and the broken rule, with the file closed again
 *
 * @example
 * ```ts ignore
 * import { openTorchCheckpoint } from "@kindred/tensor-files/node";
 *
 * await using file = await openTorchCheckpoint("pytorch_model.bin");
 * for (const name of file.tensors.keys()) await file.read(name);
 * ```
 */
export async function openTorchCheckpoint(path: string): Promise<TorchCheckpointFile> {
  const source = await openFileSource(path);
  const { close } = source;
  try {
    const checkpoint = await torchCheckpoint(source);
    const { tensors, values } = checkpoint;
    const read: TensorFile["read"] = async (name) => {
      const tensor = await checkpoint.read(name);
      if (tensor === undefined) throw unknownTensor("openTorchCheckpoint", path, name, tensors.keys());
      return tensor;
    };
    return { tensors, values, read, close, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

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
type FileSource = Omit<ByteSource, "read"> & {
  /** As of any source, into the beginning of `into`, or a buffer of its own. */
  readonly read: (offset: number, length: number, into?: Uint8Array) => Promise<Uint8Array>;
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
  const read: FileSource["read"] = async (offset, length, into = new Uint8Array(length)) => {
    const bytes = into.subarray(0, length);
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
