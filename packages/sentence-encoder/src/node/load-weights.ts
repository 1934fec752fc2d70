import type { ModelParameters } from "../embed-sentences.ts";
import { loadParameters } from "../load-parameters.ts";
import type { ModelFiles } from "../model-files.ts";
import { folderWeightFiles } from "./folder-weight-files.ts";

/**
 * The weights of a model folder as tensors of the active backend, read from its weights file tensor by tensor.
 *
 * @example
 * ```ts ignore
 * import { startEngine } from "@kindred/sentence-encoder";
 * import { loadWeights, readModelFolder } from "@kindred/sentence-encoder/node";
 *
 * await startEngine("wasm");
 * const folder = "runs/my-run/model";
 * const parameters = await loadWeights(folder, await readModelFolder(folder));
 * parameters["embeddings.word_embeddings.weight"]?.shape;
 * ```
 */
export async function loadWeights(folder: string, files: ModelFiles): Promise<ModelParameters> {
  return loadParameters(files, folderWeightFiles(folder));
}
