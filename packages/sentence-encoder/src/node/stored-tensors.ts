import { FormatError } from "@kindred/errors";
import type { NamedTensor } from "@kindred/tensor-files";
import { openSafetensors } from "@kindred/tensor-files/node";

/**
 * The tensors of a safetensors file, read one after another; the file is closed at the end, and if the loop is left.
 *
 * @throws FormatError naming the file, if it is not there or breaks the format.
 */
export async function* storedTensors(path: string): AsyncGenerator<[string, NamedTensor]> {
  await using file = await openSafetensors(path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== "ENOENT") throw cause;
    throw new FormatError({ file: path }, "the file is missing. Weights are read from safetensors.", {}, { cause });
  });
  for (const name of file.tensors.keys()) yield [name, await file.read(name)];
}
