import { torchCheckpoint } from "../torch/torch-checkpoint.ts";
import { openFileSource, type TensorFile, unknownTensor } from "./tensor-file.ts";

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
