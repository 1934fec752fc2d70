import { access } from "node:fs/promises";
import { join } from "node:path";
import type { WeightFiles } from "../weight-files.ts";
import { storedTensors } from "./stored-tensors.ts";

/** The weights in a model folder, read tensor by tensor. */
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
