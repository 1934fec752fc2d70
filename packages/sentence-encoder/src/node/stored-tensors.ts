import { FormatError } from "@kindred/errors";
import type { NamedTensor } from "@kindred/tensor-files";
import {
  openSafetensors,
  openShardedSafetensors,
  openTorchCheckpoint,
  type TensorFile,
} from "@kindred/tensor-files/node";

/**
 * The tensors of a weights file, read one after another: `.safetensors`, an index of several (`.index.json`), or PyTorch's `.bin`.
 * The file is closed at the end, and if the loop is left.
 *
 * @throws FormatError naming the file, if it is not there or breaks the format.
 *
 * @example
 * ```ts ignore
 * import { storedTensors } from "@kindred/sentence-encoder/node";
 *
 * for await (const [name, { dtype, shape }] of storedTensors("runs/my-run/model/model.safetensors")) {
 *   console.log(name, dtype, shape);
 * }
 * ```
 */
export async function* storedTensors(path: string): AsyncGenerator<[string, NamedTensor]> {
  await using file = await opened(path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== "ENOENT") throw cause;
    throw new FormatError({ file: path }, "the file is missing.", {}, { cause });
  });
  for (const name of file.tensors.keys()) yield [name, await file.read(name)];
}

function opened(path: string): Promise<TensorFile> {
  if (path.endsWith(".bin")) return openTorchCheckpoint(path);
  return path.endsWith(".json") ? openShardedSafetensors(path) : openSafetensors(path);
}
