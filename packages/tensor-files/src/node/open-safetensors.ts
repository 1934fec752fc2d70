import { parseSafetensorsHeader, safetensorsHeaderLength } from "../safetensors-header.ts";
import { openFileSource, type TensorFile, type TensorSummary, unknownTensor } from "./tensor-file.ts";

/** An open safetensors file: the header in memory, the tensors on disk. */
export type SafetensorsFile = TensorFile & {
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
    const read: TensorFile["read"] = async (name) => {
      const entry = entries.get(name);
      if (entry === undefined) throw unknownTensor("openSafetensors", path, name, entries.keys());
      const { dtype, shape, begin, end } = entry;
      return { dtype, shape, bytes: await source.read(dataOffset + begin, end - begin) };
    };
    return { tensors, metadata, read, close, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}
