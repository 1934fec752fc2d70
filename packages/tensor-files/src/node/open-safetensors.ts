import { open } from "node:fs/promises";
import { ConfigError, FormatError, nearestName } from "@kindred/errors";
import type { Dtype } from "../dtype.ts";
import type { NamedTensor } from "../named-tensor.ts";
import { parseSafetensorsHeader, safetensorsHeaderLength } from "../safetensors-header.ts";

/** What a header says of one tensor. */
export type TensorSummary = {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly byteLength: number;
};

/** An open safetensors file: the header in memory, the tensors on disk. */
export type SafetensorsFile = {
  /** What each tensor is, in the header's order. */
  readonly tensors: ReadonlyMap<string, TensorSummary>;
  /** The header's `__metadata__`; empty if it has none. */
  readonly metadata: Readonly<Record<string, string>>;
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
 * import { openSafetensors, writeFileAtomic } from "@kindred/tensor-files/node";
 *
 * const path = join(await mkdtemp(join(tmpdir(), "example-")), "model.safetensors");
 * await writeFileAtomic(path, writeSafetensors([["bias", fromFloat32([1, 2], [2])]]));
 * const file = await openSafetensors(path);
 * toFloat32(await file.read("bias")); // => [1, 2]
 * await file.close();
 * ```
 */
export async function openSafetensors(path: string): Promise<SafetensorsFile> {
  const handle = await open(path, "r");
  const readAt = async (position: number, length: number): Promise<Uint8Array> => {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; ) {
      const { bytesRead } = await handle.read(bytes, at, length - at, position + at);
      if (bytesRead === 0)
        throw new FormatError({ file: path, offset: position + at }, "the file ends here. Was it cut off while open?");
      at += bytesRead;
    }
    return bytes;
  };
  let isOpen = true;
  const close = async () => {
    if (isOpen) {
      isOpen = false;
      await handle.close();
    }
  };
  try {
    const { size } = await handle.stat();
    const headerLength = safetensorsHeaderLength(await readAt(0, Math.min(8, size)), size, path);
    const dataOffset = 8 + headerLength;
    const { entries, metadata } = parseSafetensorsHeader(await readAt(8, headerLength), size - dataOffset, path);
    const tensors = new Map<string, TensorSummary>();
    for (const [name, { dtype, shape, begin, end }] of entries)
      tensors.set(name, { dtype, shape, byteLength: end - begin });
    const read = async (name: string): Promise<NamedTensor> => {
      const entry = entries.get(name);
      if (entry === undefined) throw unknownTensor(path, name, entries.keys());
      const { dtype, shape, begin, end } = entry;
      return { dtype, shape, bytes: await readAt(dataOffset + begin, end - begin) };
    };
    return { tensors, metadata, read, close, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

function unknownTensor(path: string, name: string, known: Iterable<string>): ConfigError {
  const nearest = nearestName(name, known);
  const meant =
    nearest === undefined ? "expected one of the file's tensors" : `did you mean ${JSON.stringify(nearest)}`;
  return new ConfigError(`openSafetensors: ${path} has no such tensor. Got ${JSON.stringify(name)}, ${meant}.`, {
    path,
    name,
  });
}
