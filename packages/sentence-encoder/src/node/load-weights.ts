import type { ModelParameters } from "../embed-sentences.ts";
import { loadParameters } from "../load-parameters.ts";
import type { ModelFiles } from "../model-files.ts";
import { folderWeightFiles } from "./folder-weight-files.ts";

/** The weights of a model folder as tensors of the active backend, read from its weights file tensor by tensor. */
export async function loadWeights(folder: string, files: ModelFiles): Promise<ModelParameters> {
  return loadParameters(files, folderWeightFiles(folder));
}
