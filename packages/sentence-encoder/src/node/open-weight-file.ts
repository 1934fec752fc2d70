import { FormatError } from "@kindred/errors";
import {
  openSafetensors,
  openShardedSafetensors,
  openTorchCheckpoint,
  type TensorFile,
} from "@kindred/tensor-files/node";

/**
 * Opens a weights file of any kind: `.safetensors`, an index of several (`.index.json`), or PyTorch's `.bin`.
 *
 * @throws FormatError naming the file, if it is not there or breaks the format.
 */
export async function openWeightFile(path: string): Promise<TensorFile> {
  const open = path.endsWith(".bin")
    ? openTorchCheckpoint
    : path.endsWith(".json")
      ? openShardedSafetensors
      : openSafetensors;
  return open(path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== "ENOENT") throw cause;
    throw new FormatError({ file: path }, "the file is missing.", {}, { cause });
  });
}
