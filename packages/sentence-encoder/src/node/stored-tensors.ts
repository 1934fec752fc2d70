import type { NamedTensor } from "@kindred/tensor-files";
import { openWeightFile } from "./open-weight-file.ts";

/**
 * The tensors of a weights file, read one after another: `.safetensors`, an index of several (`.index.json`), or
 * PyTorch's `.bin`. The file is closed at the end, and if the loop is left.
 *
 * @throws FormatError naming the file, if it is not there or breaks the format.
 *
 * @example
 * ```ts ignore
 * import { storedTensors } from "@kindred/sentence-encoder/node";
 *
 * for await (const [name, { shape }] of storedTensors("my-model/model.safetensors")) console.log(name, shape);
 * ```
 */
export async function* storedTensors(path: string): AsyncGenerator<[string, NamedTensor]> {
  await using file = await openWeightFile(path);
  for (const name of file.tensors.keys()) yield [name, await file.read(name)];
}
