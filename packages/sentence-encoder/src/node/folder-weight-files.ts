import { access } from "node:fs/promises";
import { join } from "node:path";
import type { WeightFiles } from "../weight-files.ts";
import { storedTensors } from "./stored-tensors.ts";

/**
 * The weights in a model folder, read tensor by tensor.
 *
 * @example
 * ```ts ignore
 * import { folderWeightFiles } from "@kindred/sentence-encoder/node";
 *
 * const weights = folderWeightFiles("runs/my-run/model");
 * await weights.has("pytorch_model.bin"); // false: Kindred writes safetensors
 * for await (const [name, { shape }] of weights.tensors("model.safetensors")) console.log(name, shape);
 * ```
 */
export function folderWeightFiles(folder: string): WeightFiles {
  const nameOf = (path: string) => join(folder, path);
  return {
    has: (path) =>
      access(nameOf(path)).then(
        () => true,
        () => false,
      ),
    tensors: (path) => storedTensors(nameOf(path)),
    nameOf,
  };
}
